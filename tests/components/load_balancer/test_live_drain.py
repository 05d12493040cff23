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


def settings(longest_stream: str, stop_delay: str = "0s", response: str = "2s") -> dict[str, object]:
    return {
        "listen": {"http": 80},
        "longest_stream": longest_stream,
        "stop_delay": stop_delay,
        "routes": [{"app": "chat", "timeouts": {"connect": "600ms", "response": response}}],
    }


class Stream(threading.Thread):
    """A client that reads a stream of 0.2 s events until its replica is told to end it, or it breaks."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(daemon=True)
        self.url = f"{proxy.url}/stream?pause=0.2"
        self.text = ""
        self.broken = self.ended = False

    def run(self) -> None:
        try:
            with httpx.stream("GET", self.url, timeout=60) as answer:
                for text in answer.iter_text():
                    self.text += text
            self.ended = True
        except httpx.TransportError:
            self.broken = True


def refused(proxy: Proxy) -> bool:
    try:
        httpx.get(proxy.url, timeout=60)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # it was among those that wait to be accepted when the port closed
        return False
    return False


def test_a_stream_in_flight_ends_before_the_proxy_does(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings("10m", response="60s"), {"chat": replicas}, engine=engine) as proxy:
        proxy.client.get("/")  # an idle connection that must not hold the drain up
        stream = Stream(proxy)
        stream.start()
        wait_for(lambda: stream.text != "", "the stream runs")
        proxy.drain()
        wait_for(lambda: refused(proxy), "no new connections")
        assert proxy.process.poll() is None
        before = stream.text
        wait_for(lambda: stream.text != before, "the stream goes on")
        for replica in replicas:
            replica.released.set()
        stream.join(60)
        assert (stream.ended, stream.broken) == (True, False)
        proxy.process.wait(60)  # far below `longest_stream`


def test_the_drain_has_an_end(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings("2s"), {"chat": replicas}, engine=engine) as proxy:
        stream = Stream(proxy)
        stream.start()
        wait_for(lambda: stream.text != "", "the stream runs")
        started = time.monotonic()
        proxy.drain()
        proxy.process.wait(60)
        assert time.monotonic() - started > 1.5, "it has its time"
        stream.join(60)
        assert (stream.ended, stream.broken) == (False, True), "it would go on"


def test_a_stopping_proxy_says_so_first(haproxy: str, replicas: list[Replica], tmp_path: Path) -> None:
    assert refused_fields("nginx", settings("2s", stop_delay="20s")) == ["stop_delay"]
    with Proxy(tmp_path, settings("2s", stop_delay="20s"), {"chat": replicas}, engine=haproxy) as proxy:
        proxy.drain()
        wait_for(lambda: httpx.get(f"{proxy.status_url}/healthz", timeout=60).status_code == 503, "healthz says so")
        assert httpx.get(f"{proxy.status_url}/livez", timeout=60).status_code == 200
        assert httpx.get(proxy.url, timeout=60).status_code == 200, "during stop_delay it still accepts"
        proxy.process.wait(60)
