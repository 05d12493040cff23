"""The stop signal: what is in flight ends, nothing new begins."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica
from tests.components.load_balancer.stacks import refused as refused_fields

pytestmark = pytest.mark.live


def settings(longest_stream: str, stop_delay: str = "0s") -> dict[str, object]:
    return {
        "listen": {"http": 80},
        "longest_stream": longest_stream,
        "stop_delay": stop_delay,
        "routes": [{"app": "chat", "timeouts": {"connect": "300ms", "response": "1s"}}],
    }


class Stream(threading.Thread):
    """A client that reads a stream of 0.2 s events to its end or its break."""

    def __init__(self, proxy: Proxy, events: int) -> None:
        super().__init__()
        self.url = f"{proxy.url}/stream?events={events}&pause=0.2"
        self.text = ""
        self.broken = False

    def run(self) -> None:
        try:
            with httpx.stream("GET", self.url, timeout=30) as answer:
                for text in answer.iter_text():
                    self.text += text
        except httpx.TransportError:
            self.broken = True


def refused(proxy: Proxy) -> bool:
    try:
        httpx.get(proxy.url)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # it was among those that wait to be accepted when the port closed
        return False
    return False


def test_a_stream_in_flight_ends_before_the_proxy_does(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings("30s"), {"chat": replicas}, engine=engine) as proxy:
        proxy.client.get("/")  # an idle connection that must not hold the drain up
        stream = Stream(proxy, events=30)
        stream.start()
        wait_for(lambda: stream.text != "", "the stream runs")
        proxy.drain()
        wait_for(lambda: refused(proxy), "no new connections", seconds=4)
        assert proxy.process.poll() is None
        stream.join()
        assert not stream.broken
        assert stream.text.endswith("data: 29\n\n")
        proxy.process.wait(10)  # far below `longest_stream`


def test_the_drain_has_an_end(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings("2s"), {"chat": replicas}, engine=engine) as proxy:
        stream = Stream(proxy, events=50)
        stream.start()
        wait_for(lambda: stream.text != "", "the stream runs")
        started = time.monotonic()
        proxy.drain()
        proxy.process.wait(20)
        assert 1.5 < time.monotonic() - started < proxy.stop_grace
        stream.join()
        assert stream.broken


def test_a_stopping_proxy_says_so_first(haproxy: str, replicas: list[Replica], tmp_path: Path) -> None:
    assert refused_fields("nginx", settings("2s", stop_delay="5s")) == ["stop_delay"]
    with Proxy(tmp_path, settings("2s", stop_delay="5s"), {"chat": replicas}, engine=haproxy) as proxy:
        proxy.drain()
        wait_for(lambda: httpx.get(f"{proxy.status_url}/healthz").status_code == 503, "healthz says so", seconds=4)
        assert httpx.get(f"{proxy.status_url}/livez").status_code == 200
        assert httpx.get(proxy.url).status_code == 200, "during stop_delay it still accepts"
        proxy.process.wait(proxy.stop_grace)
