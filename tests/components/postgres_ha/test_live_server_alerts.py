"""Each alert of what servers say fires on what it watches, and on nothing else: judged by promtool."""

from typing import Any

import pytest

from components.postgres_ha.server_alerts import ServerAlerts
from components.postgres_ha.settings import PostgresSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
GIB = 2**30
COUNT = 3


def of(ordinal: int, metric: str, **more: str) -> str:
    """A series of the exporter's target of a server."""
    labels = {"job": f"postgres-main-server-{ordinal}", "instance": "10.0.2.1:9187", "server": "x:5432"} | more
    return metric + "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


def slot(ordinal: int, metric: str, name: str) -> str:
    return of(ordinal, f"ha_slots_{metric}", slot_name=name)


def primary(ordinal: int) -> str:
    return f'patroni_primary{{job="postgres-main", instance="10.0.0.{ordinal}:8008", scope="main"}}'


def healthy() -> Series:
    """Member 0 leads two, each has a volume of 10 GiB."""
    found: Series = {}
    for ordinal in range(COUNT):
        found |= {
            primary(ordinal): "0x300" if ordinal else "1x300",
            of(ordinal, "up"): "1x300",
            of(ordinal, "pg_up"): "1x300",
            of(ordinal, "ha_connections_used"): "40x300",
            of(ordinal, "ha_connections_most"): "97x300",
            of(ordinal, "ha_transactions_oldest_seconds"): "2x300",
            of(ordinal, "ha_transactions_unfrozen"): "190000000x300",
            of(ordinal, "ha_checksums_failures"): "0x300",
            of(ordinal, "pg_replication_lag_seconds"): "0x300",
            of(ordinal, "pg_wal_size_bytes"): f"{GIB}x300",
            of(ordinal, "pg_database_size_bytes", datname="app"): f"{4 * GIB}x300",
            of(ordinal, "pg_database_size_bytes", datname="postgres"): f"{GIB}x300",
        }
        for name in [""] if ordinal else ["main_pg_1", "main_pg_2"]:
            found |= {
                slot(ordinal, "held_bytes", name): f"{2**20}x300",
                slot(ordinal, "most_bytes", name): f"{2 * GIB}x300",
                slot(ordinal, "unread", name): "0x300",
            }
    return found


def lost(*texts: str) -> Series:
    """Servers of which the exporter's targets answer nothing."""
    return {name: "0x300" if name.startswith("up{") else values for name, values in healthy().items()
            if name.startswith("up{") or not any(text in name for text in texts)}  # fmt: skip


SHUT_OUT = {of(ordinal, "pg_up"): "0x300" for ordinal in range(COUNT)}
NO_PRIMARY: Series = dict.fromkeys((primary(ordinal) for ordinal in range(COUNT)), "0x300")
UNREAD = slot(0, "unread", "main_pg_2")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(healthy(), [], id="healthy"),
        pytest.param(
            healthy() | {of(0, "ha_connections_used"): "84x300"}, ["ConnectionsNearlyUsed"], id="connections run out"
        ),
        pytest.param(
            healthy() | {of(2, "ha_connections_used"): "84x300"},
            ["ConnectionsNearlyUsed"],
            id="those of a replica, too",
        ),
        pytest.param(healthy() | {of(0, "ha_connections_used"): "80x300"}, [], id="many connections"),
        pytest.param(
            healthy() | {of(0, "ha_transactions_oldest_seconds"): "0+15x300"},
            ["TransactionOld"],
            id="an old transaction",
        ),
        pytest.param(healthy() | {of(0, "ha_transactions_oldest_seconds"): "3500x300"}, [], id="a long one"),
        pytest.param(
            healthy() | {of(0, "ha_transactions_unfrozen"): "1100000000x300"}, ["WraparoundNear"], id="unfrozen rows"
        ),
        pytest.param(healthy() | {of(1, "ha_checksums_failures"): "0x200 1x100"}, ["ChecksumFailed"], id="a bad block"),
        pytest.param(
            healthy() | {slot(0, "held_bytes", "main_pg_2"): f"{GIB + 1}x300"}, ["SlotHoldsWal"], id="a slot holds WAL"
        ),
        pytest.param(healthy() | {slot(0, "held_bytes", "main_pg_2"): f"{GIB}x300"}, [], id="half of what it may"),
        pytest.param(healthy() | {UNREAD: "1x300"}, ["SlotUnread"], id="a slot that nobody reads"),
        pytest.param(healthy() | {UNREAD: "0x100 1x200"}, [], id="a member is away for less than an hour"),
        pytest.param(
            healthy() | {of(0, "pg_wal_size_bytes"): f"{3 * GIB + 1}x300"}, ["VolumeFills"], id="the log fills a volume"
        ),
        pytest.param(
            healthy() | {of(2, "pg_database_size_bytes", datname="app"): f"{int(7.3 * GIB)}x300"},
            ["VolumeFills", "VolumeNearlyFull"],
            id="tables fill it",
        ),
        pytest.param(
            healthy() | {of(1, "pg_replication_lag_seconds"): "61x300"}, ["ReplicationDelayed"], id="a replica is slow"
        ),
        pytest.param(lost("server-2"), ["ExporterDown"], id="no target answers"),
        pytest.param({}, ["ExporterDown"], id="the exporter was never found"),
        pytest.param(healthy() | {of(2, "up"): "0x300"}, [], id="one server does not answer, of which others speak"),
        pytest.param(healthy() | SHUT_OUT, ["ExporterDown"], id="no server lets it in"),
        pytest.param(healthy() | SHUT_OUT | NO_PRIMARY, [], id="no server runs, of which others speak"),
    ],
)
def test_what_fires(changed: Series, expected: list[str]) -> None:
    fire(_rules(), changed, {f"Postgres_main{suffix}" for suffix in expected}, after="74m")


def test_a_single_member_has_no_replay_to_watch() -> None:
    assert "Postgres_mainReplicationDelayed" in {rule.name for rule in _rules()}
    assert "Postgres_mainReplicationDelayed" not in {rule.name for rule in _rules(members=1)}


def _rules(**keys: Any) -> Any:
    settings = PostgresSettings.model_validate({"volume": "10Gi", **keys})
    return ServerAlerts(
        name="main", settings=settings, servers="postgres-main-server-[0-9]+", patroni="postgres-main"
    ).rules()
