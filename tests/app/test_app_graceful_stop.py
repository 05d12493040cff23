"""A replica that is told to stop, as its clients see it."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.app.conftest import StartApp
from tests.app.process import AppProcess

pytestmark = pytest.mark.live


class _Stream(threading.Thread):
    """Reads one chat stream to its end."""

    def __init__(self, app: AppProcess, *, tokens: int, delay_ms: int) -> None:
        super().__init__(daemon=True)
        self._url = f"{app.url}/chat?prompt=hello&tokens={tokens}&delay_ms={delay_ms}"
        self.began = threading.Event()
        self.lines: list[str] = []
        self.start()
        assert self.began.wait(120)

    def run(self) -> None:
        try:
            with httpx.stream("GET", self._url, timeout=120, trust_env=False) as response:
                for line in response.iter_lines():
                    self.lines.append(line)
                    self.began.set()
        except httpx.RemoteProtocolError:
            self.lines.append("broken")

    @property
    def complete(self) -> bool:
        self.join(120)
        return "event: done" in self.lines


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"not in 120 s: {what}"
        time.sleep(0.05)


def _refuses(app: AppProcess) -> bool:
    try:
        _get(app, "/health")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # it waited to be accepted when the listener closed
        return False
    return False


def _get(app: AppProcess, path: str) -> httpx.Response:
    return httpx.get(app.url + path, trust_env=False, timeout=60)


def test_a_stream_in_flight_finishes_and_the_exit_code_is_0(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="60", DRAIN_SECONDS="8")
    stream = _Stream(app, tokens=100, delay_ms=200)
    app.terminate()
    _until(lambda: _get(app, "/ready").status_code == 503, "not ready while it drains")
    assert _get(app, "/work?ms=1").status_code == 200, "while proxies have not noticed, it still serves"
    _until(lambda: _refuses(app), "the listener is closed")
    assert "event: done" not in stream.lines, "the stream must outlast the listener, or this test shows nothing"
    assert stream.complete
    code, log = app.wait()
    assert code == 0
    events = {line["event"]: line for line in map(json.loads, log.splitlines())}
    assert events["draining"]["in_flight"] in (1, 2), "the stream, and perhaps the first question whether it is ready"
    assert events["stopped"]["cut"] == 0


def test_what_outlasts_the_grace_time_is_cut_and_counted(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="0.5", DRAIN_SECONDS="0")
    stream = _Stream(app, tokens=10_000, delay_ms=200)
    app.terminate()
    code, log = app.wait()
    assert code == 0
    assert not stream.complete
    assert '"cut": 1' in log


def test_an_idle_replica_stops_at_once_after_the_drain(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="600")
    with httpx.Client(trust_env=False) as kept_alive:
        kept_alive.get(f"{app.url}/health")
        started = time.monotonic()
        app.terminate()
        assert app.wait()[0] == 0
    assert time.monotonic() - started > 0.4, "the drain, and none of the grace"


def test_a_websocket_finishes_its_exchange_and_is_then_closed(start_app: StartApp) -> None:
    app = start_app(GRACE_SECONDS="10")
    with connect(app.url.replace("http", "ws") + "/ws", proxy=None) as socket:
        socket.send(json.dumps({"prompt": "hello", "tokens": 20, "delay_ms": 50}))
        received = [json.loads(socket.recv(60))]
        app.terminate()
        with suppress(ConnectionClosed):
            while True:
                received.append(json.loads(socket.recv(60)))
        assert socket.close_code == 1012
    assert len(received) == 21
    assert received[-1]["done"] is True
    assert app.wait()[0] == 0
