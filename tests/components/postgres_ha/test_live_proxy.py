"""The write endpoint's configuration in the real haproxy: quiet connections, and a primary that goes."""

import http.server
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from components.postgres_ha.rest import CHECK
from components.write_proxy import NEVER_SECONDS
from components.write_proxy.proxy import proxy_cfg
from drills.waiting import wait_for
from tests.live.require import refuse
from tests.loopback import own_network

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
IDLE = 3
PRIMARY, PROXY = f"{own_network()}.1", f"{own_network()}.9"


class Primary:
    """A server that echoes, and Patroni's answer that it is the primary."""

    def __init__(self) -> None:
        self.echo = _Tcp((PRIMARY, 5432), _Echo)
        self.patroni = _Tcp((PRIMARY, 8008), _Patroni)
        for server in (self.echo, self.patroni):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop_leading(self) -> None:
        self.patroni.shutdown()
        self.patroni.server_close()

    def stop(self) -> None:
        for server in (self.echo, self.patroni):
            server.shutdown()
            server.server_close()


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class _Patroni(http.server.BaseHTTPRequestHandler):
    def do_OPTIONS(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def primary() -> Iterator[Primary]:
    if shutil.which("haproxy") is None:
        refuse("haproxy is not installed (apt-get install haproxy)")
    one = Primary()
    yield one
    one.stop()


@pytest.fixture
def start(tmp_path: Path, primary: Primary) -> Iterator[Any]:  # noqa: ARG001
    running: list[subprocess.Popen[bytes]] = []

    def haproxy(idle_seconds: int) -> None:
        text = proxy_cfg((PRIMARY,), port=5432, check=CHECK, max_connections=20, idle_seconds=idle_seconds)
        path = tmp_path / "haproxy.cfg"
        path.write_text(text.replace("bind :", f"bind {PROXY}:").replace(" resolvers cluster init-addr none", ""))
        running.append(subprocess.Popen(["haproxy", "-W", "-db", "-f", str(path)], stderr=subprocess.PIPE))
        wait_for("the proxy leads to the primary", _answers, seconds=120)

    yield haproxy
    for one in running:
        one.terminate()
        one.wait(60)


def _connected() -> socket.socket:
    connection = socket.create_connection((PROXY, 5432), timeout=60)
    connection.sendall(b"hello\n")
    if connection.recv(6) != b"hello\n":
        raise OSError("closed")
    return connection


def _answers() -> bool:
    _connected().close()
    return True


def test_a_quiet_connection_is_closed_after_the_timeout_only(start: Any) -> None:
    """With seconds for the hours that a stack file says. Traffic in time keeps it, for twice as long as the timeout.
    Where this process did not run for so long, it was quiet, and is made anew."""
    start(idle_seconds=IDLE)
    connection, began, quiet = _connected(), time.monotonic(), 0.0
    while time.monotonic() - began < 2 * IDLE:
        last = time.monotonic()
        time.sleep(IDLE / 10)
        connection.sendall(b"hello\n")
        if connection.recv(6) != b"hello\n":
            quiet = time.monotonic() - last
            assert quiet > IDLE * 0.9, f"it was closed after {quiet:.1f} s"
            connection, began = _connected(), time.monotonic()
    began = time.monotonic()
    connection.sendall(b"hello\n")
    assert connection.recv(6) == b"hello\n"
    assert connection.recv(1) == b"", "closed"
    assert time.monotonic() - began > IDLE * 0.9


def test_by_default_it_is_kept(start: Any) -> None:
    """24 days is a limit that haproxy accepts."""
    start(idle_seconds=NEVER_SECONDS)
    connection = _connected()
    connection.settimeout(4)
    with pytest.raises(TimeoutError):
        connection.recv(1)


def test_a_primary_that_no_longer_leads_loses_its_connections(start: Any, primary: Primary) -> None:
    start(idle_seconds=NEVER_SECONDS)
    connection = _connected()
    primary.stop_leading()
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b"", "which a quiet one never is by itself"
