"""Connections that are passed on, through a real haproxy."""

import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.components.load_balancer.echo import Echo
from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("haproxy")]

STRANGER = "127.0.0.66"
SETTINGS = {
    "listen": {"http": 80},
    "routes": [{"app": "chat"}],
    "tcp": {
        "mqtt": {"listen": 1883, "app": "broker", "balance": "round_robin"},
        "inside": {"listen": 5432, "app": "broker", "sources": ["127.0.0.1", "2001:db8::/32"]},
        "hasty": {"listen": 5433, "app": "broker", "timeouts": {"idle": "1s"}},
        "admin": {"listen": 5434, "app": "chat", "port": "admin"},
    },
}


@contextmanager
def running(haproxy: str, directory: Path) -> Iterator[tuple[Proxy, list[Echo]]]:
    """A proxy, and the three brokers behind it."""
    first, chat, admin = Echo("127.0.0.31"), Replica("127.0.0.11"), Echo("127.0.0.11")
    brokers = [first, Echo("127.0.0.32", first.port), Echo("127.0.0.33", first.port)]
    apps: dict[str, Sequence[Replica | Echo]] = {"chat": [chat], "broker": brokers}
    with Proxy(directory, SETTINGS, apps, ports={"chat": {"admin": admin.port}}, engine=haproxy) as proxy:
        yield proxy, brokers
    servers: list[Replica | Echo] = [*brokers, chat, admin]
    for server in servers:
        server.kill()


@pytest.fixture(scope="module")
def proxy(haproxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(haproxy, tmp_path_factory.mktemp("proxy")) as (proxy, _):
        yield proxy


def connect(proxy: Proxy, route: str, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.tcp_port(route)), timeout=120, source_address=(source, 0))


def greeted(connection: socket.socket) -> str:
    """The address of the replica behind the connection; empty where it is closed."""
    return connection.makefile("rb").readline().decode().strip()


def turned_away(proxy: Proxy, route: str, source: str) -> bool:
    """The reset may come before the connection is known to be open."""
    try:
        with closing(connect(proxy, route, source)) as connection:
            return ended(connection)
    except ConnectionResetError:
        return True


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_bytes_pass_both_ways_to_each_replica(proxy: Proxy) -> None:
    where: Counter[str] = Counter()
    for _ in range(9):
        with closing(connect(proxy, "mqtt")) as connection:
            where[greeted(connection)] += 1
            sent = b"GET / HTTP/1.1\r\n\r\n\x00\xff" + os.urandom(50_000)
            connection.sendall(sent)
            assert connection.makefile("rb").read(len(sent)) == sent
    assert sorted(where.values()) == [3, 3, 3]
    with closing(connect(proxy, "admin")) as connection:
        assert greeted(connection) == "127.0.0.11", "the port that the route names"
    assert proxy.client.get("/").status_code == 200, "requests are served beside them"


def test_only_the_named_ranges_may_connect(proxy: Proxy) -> None:
    with closing(connect(proxy, "inside")) as connection:
        assert greeted(connection) in {"127.0.0.31", "127.0.0.32", "127.0.0.33"}
    assert turned_away(proxy, "inside", STRANGER)
    with closing(connect(proxy, "mqtt", STRANGER)) as connection:
        assert greeted(connection), "other routes are open to everybody"


def test_a_silent_connection_ends(proxy: Proxy) -> None:
    with closing(connect(proxy, "hasty")) as connection:
        assert greeted(connection)
        assert ended(connection)


def test_a_lost_replica_and_a_drain(haproxy: str, tmp_path: Path) -> None:
    """A replica that is taken out loses its connections; an order to stop leaves the open ones."""
    with running(haproxy, tmp_path) as (proxy, brokers):
        connections = [connect(proxy, "mqtt") for _ in brokers]
        behind = {greeted(connection): connection for connection in connections}
        brokers[0].stop_listening()
        proxy.wait_until_up("tcp_mqtt", 2)
        assert ended(behind[brokers[0].address])
        for _ in range(6):
            with closing(connect(proxy, "mqtt")) as connection:
                assert greeted(connection) in {broker.address for broker in brokers[1:]}
        proxy.drain()
        wait_for(lambda: _refused(proxy), "no new connection")
        for broker in brokers[1:]:
            behind[broker.address].sendall(b"x")
            assert behind[broker.address].recv(1) == b"x"
        for connection in connections:
            connection.close()
        proxy.process.wait(120)


def _refused(proxy: Proxy) -> bool:
    try:
        connect(proxy, "mqtt").close()
    except ConnectionRefusedError:
        return True
    return False
