"""Each alert of a database fires on what it watches, and on nothing else: judged by promtool."""

from typing import Any

import pytest

from components.postgres_ha.alerts import Alerts
from components.postgres_ha.settings import PostgresSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
MIB = 2**20


def member(ordinal: int, metric: str) -> str:
    return f'{metric}{{job="postgres-main", instance="10.0.0.{ordinal}:8008", scope="main", name="main-pg-{ordinal}"}}'


def proxy(job: str, metric: str, ordinal: int = 0, more: str = "") -> str:
    return f'{metric}{{job="postgres-main-{job}", instance="10.0.1.{ordinal}:8404"{more}}}'


def servers(job: str, backend: str, ordinal: int = 0) -> str:
    return proxy(job, "haproxy_backend_active_servers", ordinal, f', proxy="{backend}"')


def healthy() -> Series:
    """Member 0 leads two that stream, and two proxies each lead to it and to them."""
    found: Series = {}
    for ordinal in range(3):
        found |= {
            member(ordinal, "up"): "1x300",
            member(ordinal, "patroni_primary"): "0x300" if ordinal else "1x300",
            member(ordinal, "patroni_replica"): "1x300" if ordinal else "0x300",
            member(ordinal, "patroni_xlog_location"): "0x300" if ordinal else f"{50 * MIB}x300",
            member(ordinal, "patroni_xlog_replayed_location"): f"{50 * MIB}x300" if ordinal else "0x300",
            member(ordinal, "patroni_postgres_streaming"): "1x300" if ordinal else "0x300",
            member(ordinal, "patroni_postgres_timeline"): "3x300",
            member(ordinal, "patroni_dcs_last_seen"): "0+15x300",
            member(ordinal, "patroni_failsafe_mode_is_active"): "0x300",
            member(ordinal, "patroni_is_paused"): "0x300",
        }
    for ordinal in range(2):
        found |= {proxy("rw", "up", ordinal): "1x300", servers("rw", "primary", ordinal): "1x300"}
        found |= {servers("ro", "primary", ordinal): "1x300", servers("ro", "replicas", ordinal): "2x300"}
    return found


def without(series: Series, *texts: str) -> Series:
    return {name: values for name, values in series.items() if not any(text in name for text in texts)}


NO_PROXY = without(healthy(), "main-rw")
NO_TARGET: Series = dict.fromkeys((servers("rw", "primary", ordinal) for ordinal in range(2)), "0x300")
NOT_SEEN: Series = dict.fromkeys((member(ordinal, "patroni_dcs_last_seen") for ordinal in range(3)), "100x300")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(healthy(), [], id="healthy"),
        pytest.param(without(healthy(), "main-pg-2"), [], id="a replica is away, of which another rule speaks"),
        pytest.param(healthy() | {member(0, "patroni_primary"): "0x300"}, ["NoPrimary"], id="nobody leads"),
        pytest.param(NO_PROXY, ["WriteEndpointDown", "ProxyDown"], id="both proxies are lost"),
        pytest.param(healthy() | NO_TARGET, ["WriteEndpointDown"], id="the proxies find no primary"),
        pytest.param(without(healthy(), "10.0.1.1"), ["ProxyDown"], id="one proxy is lost"),
        pytest.param(healthy() | NOT_SEEN, ["StoreLost"], id="the store does not answer"),
        pytest.param(
            healthy() | {member(0, "patroni_failsafe_mode_is_active"): "1x300"}, ["StoreLost"], id="failsafe mode"
        ),
        pytest.param(healthy() | {member(1, "patroni_dcs_last_seen"): "100x300"}, [], id="one does not see the store"),
        pytest.param(healthy() | {member(0, "patroni_is_paused"): "1x300"}, ["Paused"], id="paused for over an hour"),
        pytest.param(
            healthy() | {member(1, "patroni_postgres_timeline"): "3x250 4x50"}, ["PrimaryChanged"], id="a failover"
        ),
        pytest.param(healthy() | {member(1, "patroni_postgres_timeline"): "3x100 4x200"}, [], id="long ago"),
        pytest.param(
            healthy() | {member(2, "patroni_postgres_streaming"): "0x300"}, ["ReplicationBroken"], id="a broken link"
        ),
        pytest.param(
            healthy() | {member(2, "patroni_xlog_replayed_location"): f"{33 * MIB}x300"}, ["ReplicationLags"], id="lag"
        ),
        pytest.param(healthy() | {member(2, "patroni_xlog_replayed_location"): f"{40 * MIB}x300"}, [], id="a little"),
        pytest.param(without(healthy(), "main-ro"), ["ReadEndpointDown"], id="no proxy for reads"),
        pytest.param(
            healthy() | {servers("ro", "replicas", ordinal): "0x300" for ordinal in range(2)},
            [],
            id="the primary serves",
        ),
    ],
)
def test_what_fires(changed: Series, expected: list[str]) -> None:
    _fired(changed, expected, reads={})


def test_what_was_short_wakes_nobody() -> None:
    """A failover: half a minute without a primary, and the change is told."""
    short = {member(0, "patroni_primary"): "1x270 0x2 1x30", servers("rw", "primary"): "1x270 0x2 1x30"}
    _fired(healthy() | short, [], reads={})


def test_a_single_member_has_no_replicas_to_watch() -> None:
    names = {rule.name for rule in _rules(members=1)}
    assert names == {f"Postgres_main{each}" for each in ("NoPrimary", "WriteEndpointDown", "StoreLost", "Paused")}


def _fired(series: Series, expected: list[str], **keys: Any) -> None:
    fire(_rules(**keys), series, {f"Postgres_main{suffix}" for suffix in expected}, after="70m")


def _rules(**keys: Any) -> Any:
    settings = PostgresSettings.model_validate(keys)
    return Alerts(
        name="main",
        settings=settings,
        members="postgres-main",
        writes="postgres-main-rw",
        reads="postgres-main-ro",
        proxies=2,
    ).rules()
