"""The pooler as it is rendered, with the real servers: faults, sessions, who is let in, a stop."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from drills.waiting import wait_for
from tests.components.certificates import Authority
from tests.components.postgres_ha.cluster import PROXY, Database, asked
from tests.components.postgres_ha.patroni_members import require_patroni
from tests.components.postgres_ha.poolers import Clients, Pooler
from tests.live.trixie import pgbouncer

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
CLIENTS = 12
POOL = 4


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    pgbouncer()
    one = Database(tmp_path_factory.mktemp("database"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def pooler(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooler]:
    assert database.leader() is not None
    one = Pooler(database.patronis.certificate, tmp_path_factory.mktemp("pooler"), pool_size=POOL)
    try:
        one.start()
        yield one
    finally:
        one.stop()


def test_clients_share_few_connections(pooler: Pooler) -> None:
    """With prepared statements of the protocol, which asyncpg makes for each client."""
    with Clients(pooler, CLIENTS) as clients:
        clients.goes_on()
        used = asked(PROXY, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND pid <> pg_backend_pid()")
    assert clients.errors == {}
    assert clients.connections == CLIENTS
    assert 1 <= used <= POOL


def test_a_switchover_is_a_wait(database: Database, pooler: Pooler) -> None:
    """Only a statement that is on its way when the server stops can fail."""
    database.wait_whole()
    leader = database.leader()
    assert leader is not None
    with Clients(pooler, CLIENTS) as clients:
        database.patronis.end(leader)
        wait_for("another one leads", lambda: database.leader() not in (None, leader), seconds=60, every=0.1)
        clients.goes_on()
    database.patronis.start(leader)
    rows = asyncio.run(clients.rows())
    print(f"{len(clients.acknowledged)} rows, at most {clients.waited:.1f} s for one, errors: {dict(clients.errors)}")
    assert not {*clients.acknowledged} - rows, "every acknowledged row is there"
    assert sum(clients.errors.values()) <= POOL, "no more than statements that were on their way"


def test_a_killed_primary_is_a_wait(database: Database, pooler: Pooler) -> None:
    database.wait_whole()
    leader = database.leader()
    assert leader is not None
    with Clients(pooler, CLIENTS) as clients:
        database.patronis.kill(leader)
        database.patronis.start(leader)
        wait_for("one leads", lambda: database.leader() is not None, seconds=60, every=0.1)
        clients.goes_on()
    rows = asyncio.run(clients.rows())
    print(f"{len(clients.acknowledged)} rows, at most {clients.waited:.1f} s for one, errors: {dict(clients.errors)}")
    assert not {*clients.acknowledged} - rows
    assert sum(clients.errors.values()) <= POOL


def test_the_superuser_and_other_databases_are_unknown(pooler: Pooler) -> None:
    """Also with the right password: who is not in its list is nobody."""

    async def why(**changes: str) -> str:
        with pytest.raises((asyncpg.PostgresError, OSError)) as refused:
            await pooler.connect(**changes)
        return str(refused.value)

    for user, password in (("postgres", "superuser"), ("ha_settings", "settings"), ("rewind", "rewind")):
        assert "failed" in asyncio.run(why(user=user, password=password))
    assert "failed" in asyncio.run(why(password="another"))
    assert "no such database" in asyncio.run(why(database="postgres"))
    assert "not allowed" in asyncio.run(why(database="pgbouncer"))


def test_a_session_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    """What a client sets is gone when the next one has its connection."""
    assert database.leader() is not None
    one = Pooler(database.patronis.certificate, tmp_path, number=1, mode="session", pool_size=1)

    async def set_and_shown() -> tuple[str, str]:
        first = await one.connect()
        await first.execute("SET application_name = 'first'; SET work_mem = '77MB'")
        mine = await first.fetchval("SHOW work_mem")
        await first.close()
        second = await one.connect()
        try:
            return mine, await second.fetchval("SHOW work_mem")
        finally:
            await second.close()

    try:
        one.start()
        assert asyncio.run(set_and_shown()) == ("77MB", "4MB")
    finally:
        one.stop()


def test_a_stop_lets_a_transaction_end(database: Database, tmp_path: Path) -> None:
    assert database.leader() is not None
    one = Pooler(database.patronis.certificate, tmp_path, number=2)

    async def stopped_in_a_transaction() -> int:
        busy, idle = await one.connect(), await one.connect()
        async with busy.transaction():
            assert await busy.fetchval("SELECT 1") == 1
            one.signal(signal.SIGINT)
            await asyncio.to_thread(
                wait_for, "nobody is let in", lambda: not connects(one.address), seconds=10, every=0.05
            )
            assert not await asyncio.to_thread(one.ended, 1.0)
            number = int(await busy.fetchval("SELECT 40 + 2"))
        assert await asyncio.to_thread(one.ended, 10.0), "when the last connection of the server is free"
        for connection in (busy, idle):
            connection.terminate()
        return number

    try:
        one.start()
        assert asyncio.run(stopped_in_a_transaction()) == 42
    finally:
        one.stop()


def connects(address: str) -> bool:
    with suppress(OSError), socket.create_connection((address, 5432), timeout=2):
        return True
    return False


@pytest.mark.parametrize(
    "keys",
    [
        {
            "max_connections": 20_000,
            "pool_size": 1000,
            "prepared_statements": 10_000,
            "wait_timeout": "1h",
            "drain": "1h",
        },
        {"max_connections": 10, "pool_size": 1, "prepared_statements": 0, "wait_timeout": "5s", "drain": "1s"},
        {"mode": "session"},
    ],
)
def test_it_starts_with_every_edge_of_its_settings(tmp_path: Path, keys: dict[str, Any]) -> None:
    """And has them: none is a name that it passes over."""
    pgbouncer()
    authority = Authority.new()

    def certificate(name: str) -> str:
        return authority.pem if name == "ca" else "".join(one.read_text() for one in authority.sign("here", tmp_path))

    one = Pooler(certificate, tmp_path, number=3, **keys)
    try:
        one.start()
        shown = {line.split("|")[0]: line.split("|")[1] for line in one.console("SHOW CONFIG").splitlines()}
    finally:
        one.stop()
    assert {name: shown.get(name) for name in one.written} == one.written
    assert "WARNING" not in one.log()
