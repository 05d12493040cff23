"""Each alert of a pooler fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.observability import AlertRule
from components.postgres_ha.pooler_alerts import PoolerAlerts
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]


def of(metric: str, replica: str = "", more: str = "") -> str:
    one = f', replica="{replica}"' if replica else ""
    return f'{metric}{{job="postgres-main-pooler", instance="10.0.3.9:9127"{one}{more}}}'


def healthy() -> Series:
    found = {of("up"): "1x120", of("ha_pooler_replicas"): "2x120"}
    for replica in ("10.0.3.4", "10.0.3.5"):
        each = ', database="app"'
        found |= {
            of("ha_pooler_paused", replica): "0x120",
            of("ha_pooler_clients", replica): "50x120",
            of("ha_pooler_clients_most", replica): "100x120",
            of("ha_pooler_servers_most", replica, each): "20x120",
        }
        for user in ("app", "reader"):
            found[of("ha_pooler_servers_active", replica, f'{each}, user="{user}"')] = "8x120"
            found[of("ha_pooler_longest_wait_seconds", replica, f'{each}, user="{user}"')] = "0.2x120"
    return found


NOBODY = {of("up"): "1x120", of("ha_pooler_replicas"): "0x120"}
APP = ', database="app", user="app"'


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(healthy(), [], id="healthy"),
        pytest.param(NOBODY, ["PoolerDown", "PoolerReplicaDown"], id="no replica answers"),
        pytest.param(healthy() | {of("ha_pooler_replicas"): "1x120"}, ["PoolerReplicaDown"], id="one of two is lost"),
        pytest.param(healthy() | {of("ha_pooler_replicas"): "2x90 1x30"}, [], id="one is replaced"),
        pytest.param(
            healthy() | {of("ha_pooler_paused", "10.0.3.5"): "1x120"}, ["PoolerPaused"], id="one stays paused"
        ),
        pytest.param(
            healthy() | {of("ha_pooler_longest_wait_seconds", "10.0.3.5", APP): "3x120"}, ["PoolerWaits"], id="a wait"
        ),
        pytest.param(
            healthy() | {of("ha_pooler_servers_active", "10.0.3.4", APP): "12x120"},
            ["PoolNearlyUsed"],
            id="all connections of one are lent, to two roles",
        ),
        pytest.param(
            healthy() | {of("ha_pooler_clients", "10.0.3.4"): "90x120"}, ["PoolerClientsNearlyUsed"], id="many clients"
        ),
        pytest.param({of("up"): "0x120"}, ["PoolerExporterDown"], id="its exporter is down: the pooler is not"),
        pytest.param({}, ["PoolerExporterDown"], id="monitoring reaches nobody"),
    ],
)
def test_what_fires(series: Series, expected: list[str]) -> None:
    fire(_rules(2), series, {f"Postgres_main{suffix}" for suffix in expected}, after="25m")


def test_a_replica_that_is_alone_is_the_pooler() -> None:
    fire(_rules(1), NOBODY, {"Postgres_mainPoolerDown"}, after="25m")
    assert "Postgres_mainPoolerReplicaDown" not in {rule.name for rule in _rules(1)}


def test_a_planned_change_wakes_nobody() -> None:
    """A pause of a quarter of a minute, while clients wait."""
    waits = {
        of("ha_pooler_paused", "10.0.3.5"): "0x40 1x1 0x70",
        of("ha_pooler_longest_wait_seconds", "10.0.3.5", APP): "0x40 8x1 0x70",
    }
    for minutes in (10, 11, 12, 13):
        fire(_rules(2), healthy() | waits, (), after=f"{minutes}m")


def _rules(replicas: int) -> tuple[AlertRule, ...]:
    return PoolerAlerts(name="main", replicas=replicas, job="postgres-main-pooler").rules()
