"""The pooler as it is rendered, with the real servers: faults, sessions, who is let in, a stop."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from components.postgres_ha.files import pooler_metrics
from components.postgres_ha.files.poolers import Poolers
from components.postgres_ha.pooler_alerts import PoolerAlerts
from drills.waiting import wait_for
from tests.components.certificates import Authority
from tests.components.monitoring_stack.record import compared, version
from tests.components.postgres_ha.cluster import POOLERS, PROXY, Database, asked
from tests.components.postgres_ha.patroni_members import PASSWORDS, require_patroni
from tests.components.postgres_ha.poolers import CONSOLE_PASSWORD, Clients, Pooler
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.live.trixie import pgbouncer
from tests.loopback import free_port
from tests.promtool import metrics
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
CLIENTS = 12
SLOW = 3
POOL = 4
PAUSE = "10s"
"""Many times as long as a transaction of `SLOW` clients takes, on a busy machine, too."""
SCRIPT = REPOSITORY / "components/postgres_ha/files/switchover.py"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    pgbouncer()
    one = Database(tmp_path_factory.mktemp("database"), pooler={"pause": PAUSE})
    one.patronis.pooler = POOLERS[0]
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def pooler(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooler]:
    database.led_by()
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


def test_a_planned_stop_is_a_wait(database: Database, pooler: Pooler) -> None:
    """Transactions end first, and nobody sees an error."""
    database.wait_whole()
    leader = database.led_by()
    with Clients(pooler, CLIENTS, slow=SLOW) as clients:
        database.patronis.end(leader)
        wait_for("another one leads", lambda: database.leader() not in (None, leader), seconds=120, every=0.1)
        clients.goes_on()
    database.patronis.start(leader)
    assert "1 of 1 poolers paused" in database.patronis.log(leader)
    assert "stop: handed over to" in database.patronis.log(leader)
    nothing_failed(clients)


@pytest.mark.slow
def test_a_persons_switchover_is_a_wait(database: Database, pooler: Pooler, tmp_path: Path) -> None:
    """As `make switchover` runs the script, beside the files of the settings job."""
    database.wait_whole()
    job = database.patronis.job
    wanted = json.loads((job / "wanted.json").read_text())
    here = {"host": pooler.address, "replicas": pooler.address, "ca": str(job / "ca.pem")}
    psql = str(POSTGRES_BIN / "psql")
    wanted |= {"psql": psql, "poolers": wanted["poolers"] | here | {"psql": psql}}
    (tmp_path / "wanted.json").write_text(json.dumps(wanted))
    (tmp_path / "passwords.json").write_text(json.dumps(PASSWORDS | {"pooler": CONSOLE_PASSWORD}))
    files = (str(tmp_path / "wanted.json"), str(tmp_path / "passwords.json"))
    with Clients(pooler, CLIENTS, slow=SLOW) as clients:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.read_text(), *files, PROXY],
            env={"PYTHONPATH": str(job)}, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        clients.goes_on()
    assert done.returncode == 0, done.stderr
    assert "1 of 1 poolers paused" in done.stderr
    nothing_failed(clients)


def nothing_failed(clients: Clients) -> None:
    rows = asyncio.run(clients.rows())
    print(f"{len(clients.acknowledged)} rows, at most {clients.waited:.1f} s for one, errors: {dict(clients.errors)}")
    assert clients.errors == {}
    assert not {*clients.acknowledged} - rows, "every acknowledged row is there"


@pytest.mark.slow
def test_who_takes_longer_than_the_pause_fails_alone(database: Database, pooler: Pooler) -> None:
    database.wait_whole()
    leader = database.led_by()

    async def idle_in_a_transaction() -> None:
        connection = await pooler.connect()
        try:
            async with connection.transaction():
                await connection.execute("SELECT 1")
                began.set()
                await asyncio.to_thread(ended.wait, 240)
                await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    began, ended = threading.Event(), threading.Event()
    with ThreadPoolExecutor() as beside, Clients(pooler, CLIENTS) as clients:
        long = beside.submit(asyncio.run, idle_in_a_transaction())
        assert began.wait(120)
        database.patronis.end(leader)
        ended.set()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            long.result(240)
        clients.goes_on()
    database.patronis.start(leader)
    assert f"PAUSE is not done after {PAUSE[:-1]} s" in database.patronis.log(leader)
    nothing_failed(clients)


@pytest.mark.slow
def test_a_pause_that_nobody_ends_ends_by_itself(database: Database, tmp_path: Path) -> None:
    """Also one that waits for a transaction, whoever began it is gone."""
    database.led_by()
    one = Pooler(database.patronis.certificate, tmp_path, number=1, lease=2)

    async def waited() -> float:
        busy, other = await one.connect(), await one.connect()
        async with busy.transaction():
            await busy.execute("SELECT 1")
            began = time.monotonic()
            with pytest.raises(subprocess.TimeoutExpired):
                one.console("PAUSE", seconds=0.3)
            assert "paused|yes" in one.console("SHOW STATE"), "it outlives who asked for it"
            await other.execute("SELECT 1")
            took = time.monotonic() - began
        for connection in (busy, other):
            await connection.close()
        return took

    try:
        one.start()
        took = asyncio.run(waited())
        assert one.console("PAUSE") == ""
        wait_for("it goes on", lambda: "paused|no" in one.console("SHOW STATE"), seconds=120, every=0.2)
    finally:
        one.stop()
    assert took > 1, "two looks, a second apart, find the pause"
    assert "it goes on" in one.log()


def test_a_killed_primary_is_a_wait(database: Database, pooler: Pooler) -> None:
    database.wait_whole()
    leader = database.led_by()
    with Clients(pooler, CLIENTS) as clients:
        database.patronis.kill(leader)
        database.patronis.start(leader)
        wait_for("one leads", lambda: database.leader() is not None, seconds=120, every=0.1)
        clients.goes_on()
    rows = asyncio.run(clients.rows())
    print(f"{len(clients.acknowledged)} rows, at most {clients.waited:.1f} s for one, errors: {dict(clients.errors)}")
    assert not {*clients.acknowledged} - rows
    assert sum(clients.errors.values()) <= POOL


def test_what_its_exporter_says(pooler: Pooler, tmp_path: Path) -> None:
    """As Prometheus gets it, of a real replica with clients that wait; and every figure that a rule reads is there."""
    (tmp_path / "ca.pem").write_text(pooler.authority)
    one = {"host": pooler.address, "replicas": pooler.address, "user": "ha_pooler_figures", "password": "figures"}
    poolers = Poolers(**one, seconds=0, psql=str(POSTGRES_BIN / "psql"), ca=str(tmp_path / "ca.pem"))
    port = free_port()
    threading.Thread(target=pooler_metrics.serve, args=(poolers, pooler.address, port), daemon=True).start()
    each = f'{{replica="{pooler.address}",database="app",user="app"}}'

    def asked_for_all() -> httpx.Response | None:
        """Between two transactions a connection is nobody's for a moment."""
        answer = httpx.get(f"http://{pooler.address}:{port}/metrics", timeout=60, trust_env=False)
        lines = answer.text.splitlines()
        waits = f"ha_pooler_clients_waiting{each} 0" not in lines
        return answer if waits and f"ha_pooler_servers_active{each} {POOL}" in lines else None

    with Clients(pooler, CLIENTS, slow=CLIENTS):
        answer = wait_for("all connections are lent", asked_for_all, seconds=120, every=0.05)
        assert answer is not None
        compared("pooler", f"our exporter of PgBouncer {version(pgbouncer())}", lambda: [answer.text])
    assert answer.headers["content-type"].startswith("text/plain")
    found = dict(line.rsplit(" ", 1) for line in answer.text.splitlines())
    assert found["ha_pooler_replicas"] == "1"
    assert found[f"ha_pooler_servers_active{each}"] == str(POOL)
    assert int(found[f"ha_pooler_clients_waiting{each}"]) > 0
    assert float(found[f"ha_pooler_longest_wait_seconds{each}"]) > 0
    assert int(found[f'ha_pooler_transactions_total{{replica="{pooler.address}",database="app"}}']) > 0
    assert "pgbouncer" not in answer.text
    names = {name.partition("{")[0] for name in found} | {"up"}
    rules = PoolerAlerts(name="main", replicas=2, job="it").rules()
    assert set().union(*(metrics(rule.expr) for rule in rules)) <= names
    refused = subprocess.run(
        [POSTGRES_BIN / "psql", "-h", pooler.address, "-U", one["user"], "-d", "pgbouncer", "-c", "PAUSE"],
        env={"PGPASSWORD": one["password"]}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert "admin access needed" in refused.stderr


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
    database.led_by()
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
    database.led_by()
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
        assert await asyncio.to_thread(one.ended, 120.0), "when the last connection of the server is free"
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
