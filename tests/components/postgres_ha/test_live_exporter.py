"""What a real exporter says of real servers, judged by the rules that are rendered."""

import subprocess
from collections.abc import Iterator
from importlib import metadata

import httpx
import pytest

from components.postgres_ha import server_alerts
from components.postgres_ha.server_alerts import ServerAlerts
from components.postgres_ha.settings import PostgresSettings
from drills.waiting import wait_for
from tests.components.monitoring_stack.record import compared, page, version
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.exporters import Exporter, Series, of_target
from tests.components.postgres_ha.patroni_members import Patronis, require_patroni
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.live.trixie import postgres_exporter
from tests.promtool import fire, metrics

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
MEMBERS = 2
SLOT = "left_behind"
OLD = 10
"""Seconds: what the server does itself, as cleaning a table, takes less on a busy machine, too."""
READ = (
    "SELECT bool_and(active) AND max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) < 1000000 "
    "FROM pg_replication_slots"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patronis]:
    """Member 0 leads, member 1 follows."""
    require_patroni("etcd", "flock", packages="Debian packages etcd-server, util-linux")
    postgres_exporter()
    store = Store(tmp_path_factory.mktemp("etcd"))
    patronis = Patronis(tmp_path_factory.mktemp("patroni"), store, members=MEMBERS, volume="16Gi")
    try:
        store.start_all()
        patronis.start(0)
        wait_for("member 0 leads", lambda: patronis.answers(0, "/primary"), seconds=120, every=0.2)
        patronis.start(1)
        wait_for("member 1 follows", lambda: patronis.answers(1, "/replica"), seconds=120, every=0.2)
        patronis.apply_settings()
        wait_for("the replica reads its slot", lambda: inside(patronis, READ) == "t", seconds=120, every=0.5)
        yield patronis
    finally:
        patronis.stop()
        store.stop()


@pytest.fixture
def exporter(cluster: Patronis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    one = Exporter(tmp_path_factory.mktemp("exporter"), cluster)
    try:
        one.start()
        yield one
    finally:
        one.stop()


def everything(cluster: Patronis, exporter: Exporter, members: int = MEMBERS) -> Series:
    """Of all targets of so many members."""
    found: Series = {}
    for ordinal in range(members):
        found |= exporter.scraped(ordinal)
        patroni = httpx.get(cluster.url(ordinal, "/metrics"), trust_env=False, timeout=60).text
        found |= of_target(patroni, "postgres-main")
    return found


def fires(series: Series, *suffixes: str, after: str = "12m") -> None:
    """These of the rules, and no other."""
    fire(rules().rules(), series, {f"Postgres_main{suffix}" for suffix in suffixes}, after=after)


def rules() -> ServerAlerts:
    settings = PostgresSettings.model_validate({"members": MEMBERS, "volume": "16Gi"})
    return ServerAlerts(name="main", settings=settings, servers="postgres-main-server-[0-9]+", patroni="postgres-main")


def inside(cluster: Patronis, *statements: str) -> str:
    """What the superuser gets, by the primary's socket."""
    line = [str(POSTGRES_BIN / "psql"), "-XAtqh", str(cluster.volume(0)), "-U", "postgres", "-d", "postgres"]
    line += [word for statement in statements for word in ("-c", statement)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=True).stdout.strip()


def test_every_metric_of_a_rule_is_exported_for_every_server(exporter: Exporter) -> None:
    read = {name for rule in rules().rules() for name in metrics(rule.expr)} - {"patroni_primary"}
    assert len(read) > 8
    for ordinal in range(MEMBERS):
        exported = {name.partition("{")[0] for name in exporter.scraped(ordinal)}
        assert read <= exported, f"nothing exports {read - exported} of member {ordinal}"


def test_what_patroni_and_the_exporter_say_is_as_recorded(cluster: Patronis, exporter: Exporter) -> None:
    """Of the primary and of a replica: each says what the other does not."""
    server = f"PostgreSQL {inside(cluster, 'SHOW server_version').split()[0]}"
    compared(
        "patroni",
        f"Patroni {metadata.version('patroni')} of {server}",
        lambda: [page(cluster.url(ordinal, "/metrics")) for ordinal in range(MEMBERS)],
    )
    compared(
        "postgres-exporter",
        f"postgres_exporter {version(postgres_exporter())} of {server}",
        lambda: [exporter.answer(ordinal) for ordinal in range(MEMBERS)],
    )


def test_a_healthy_cluster_wakes_nobody(cluster: Patronis, exporter: Exporter) -> None:
    found = everything(cluster, exporter)
    assert sum(name.startswith("pg_up{") and value.startswith("1.0") for name, value in found.items()) == MEMBERS
    fires(found)


def test_a_slot_that_nobody_reads_and_an_old_transaction_are_told(
    cluster: Patronis, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a transaction of seconds and tens of MiB of the log, in the place of an hour and of gigabytes. Of the
    primary alone: the slots that Patroni keeps on a replica follow every 10 s."""
    monkeypatch.setattr(server_alerts, "OLD_SECONDS", OLD)
    monkeypatch.setattr(server_alerts, "HELD", 0.002)
    monkeypatch.setattr(server_alerts, "UNREAD_SECONDS", 60)
    fires(everything(cluster, exporter, 1))
    words = f"host={cluster.address(0)} dbname=app"
    held = [str(POSTGRES_BIN / "psql"), "-Xqd", words, "-U", "app"]
    client = subprocess.Popen(held, stdin=subprocess.PIPE, env={"PGPASSWORD": "owner"})
    try:
        assert client.stdin
        client.stdin.write(b"BEGIN; SELECT pg_current_xact_id();\n")
        client.stdin.flush()
        oldest = 'ha_transactions_oldest_seconds{job="postgres-main-server-0"'

        def is_old() -> bool:
            found = exporter.scraped(0)
            return any(name.startswith(oldest) and float(value[:-3]) > OLD for name, value in found.items())

        def with_slot() -> Series:
            """Patroni drops slots that it does not know every 10 s: made again where it is gone. Told when the
            replica has what was written, or its own slot holds as much."""
            others = f"FROM pg_replication_slots WHERE slot_name <> '{SLOT}'"
            if inside(cluster, f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{SLOT}'") == "0":
                large = "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)); SELECT pg_switch_wal()"
                inside(cluster, f"SELECT pg_create_physical_replication_slot('{SLOT}', true)", large, large)
            behind = f"SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) > 1000000 {others}"
            if inside(cluster, behind) != "f":
                return {}
            found = everything(cluster, exporter, 1)
            return found if any(SLOT in name for name in found) else {}

        wait_for("the transaction is old", is_old, seconds=120, every=0.2)
        found = wait_for("the slot is told", with_slot, seconds=120, every=0.1)
        fires(found, "TransactionOld", "SlotHoldsWal", "SlotUnread")
    finally:
        client.communicate()
        there = f"FROM pg_replication_slots WHERE slot_name = '{SLOT}'"
        inside(cluster, f"SELECT pg_drop_replication_slot(slot_name) {there}")
    fires(everything(cluster, exporter, 1))


def test_an_exporter_that_no_server_lets_in_is_told_and_no_server(cluster: Patronis, exporter: Exporter) -> None:
    exporter.stop()
    exporter.start(password="other")
    fires(everything(cluster, exporter), "ExporterDown")


def test_the_exporter_s_role_reads_how_servers_run_and_no_table(cluster: Patronis) -> None:
    def as_exporter(sql: str, database: str = "postgres", **more: str) -> str:
        return cluster.login(0, "ha_exporter", "exporter", database, sql, **more)

    assert as_exporter("SELECT pg_has_role('pg_monitor', 'USAGE')") == "t"
    assert "rejects connection" in as_exporter("SELECT 1", "app")
    assert "rejects connection" in as_exporter("SELECT 1", sslmode="disable")
    for sql in (
        "SELECT * FROM ha_platform.orders",
        "SELECT rolpassword FROM pg_authid",
        "CREATE TABLE mine (id int)",
        "CREATE ROLE boss",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_create_physical_replication_slot('mine')",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SELECT pg_reload_conf()",
    ):
        assert "ERROR" in as_exporter(sql), sql
