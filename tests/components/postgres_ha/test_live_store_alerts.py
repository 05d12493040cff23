"""Each alert of a store fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.observability import AlertRule
from components.postgres_ha.store_alerts import StoreAlerts
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
MIB = 2**20
SYNC, COMMIT = "etcd_disk_wal_fsync_duration_seconds", "etcd_disk_backend_commit_duration_seconds"
LIMITS = ("0.008", "0.256", "0.512", "1.024", "+Inf")


def of(ordinal: int, metric: str, more: str = "") -> str:
    return f'{metric}{{job="postgres-main-store", instance="10.0.3.{ordinal}:2381"{more}}}'


def writes(ordinal: int, histogram: str, within: str) -> Series:
    """A hundred writes every 15 s, all of them slower than the limit before."""
    found: Series = {}
    for limit in LIMITS:
        reached = LIMITS.index(limit) >= LIMITS.index(within)
        found[of(ordinal, f"{histogram}_bucket", f', le="{limit}"')] = "0+100x120" if reached else "0x120"
    return found


def healthy(members: int = 3) -> Series:
    found: Series = {}
    for ordinal in range(members):
        found |= {
            of(ordinal, "etcd_server_has_leader"): "1x120",
            of(ordinal, "etcd_mvcc_db_total_size_in_bytes"): f"{MIB}x120",
            of(ordinal, "etcd_server_quota_backend_bytes"): f"{2048 * MIB}x120",
        }
        found |= writes(ordinal, SYNC, "0.008") | writes(ordinal, COMMIT, "0.008")
    return found


def without(*ordinals: int, members: int = 3) -> Series:
    lost = tuple(f"10.0.3.{ordinal}:" for ordinal in ordinals)
    return {name: values for name, values in healthy(members).items() if not any(one in name for one in lost)}


NO_LEADER = {of(ordinal, "etcd_server_has_leader"): "0x120" for ordinal in range(3)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(healthy(), [], id="healthy"),
        pytest.param(without(2), ["StoreMemberLost", "StoreQuorumAtRisk"], id="one of three is lost"),
        pytest.param(
            healthy() | {of(2, "etcd_server_has_leader"): "0x120"},
            ["StoreMemberLost", "StoreQuorumAtRisk"],
            id="one is cut off from the others",
        ),
        pytest.param(
            healthy() | NO_LEADER, ["StoreNoLeader", "StoreMemberLost", "StoreQuorumAtRisk"], id="nobody leads"
        ),
        pytest.param({}, ["StoreMemberLost"], id="monitoring reaches nobody"),
        pytest.param(healthy() | writes(1, SYNC, "1.024"), ["StoreSlow"], id="a slow log"),
        pytest.param(healthy() | writes(1, COMMIT, "0.512"), ["StoreSlow"], id="a slow commit"),
        pytest.param(healthy() | writes(1, SYNC, "0.256"), [], id="a disk that is not fast"),
        pytest.param(
            healthy() | {of(0, "etcd_mvcc_db_total_size_in_bytes"): f"{1700 * MIB}x120"}, ["StoreFills"], id="it fills"
        ),
    ],
)
def test_what_fires(changed: Series, expected: list[str]) -> None:
    _fired(changed, expected, members=3)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ((), []),
        ((4,), ["StoreMemberLost"]),
        ((3, 4), ["StoreMemberLost", "StoreQuorumAtRisk"]),
    ],
)
def test_of_five_two_may_be_lost(lost: tuple[int, ...], expected: list[str]) -> None:
    _fired(without(*lost, members=5), expected, members=5)


def test_a_short_absence_wakes_nobody() -> None:
    """A rolling change: each member is away for half a minute."""
    short = {of(ordinal, "etcd_server_has_leader"): f"1x{40 + 4 * ordinal} _x2 1x60" for ordinal in range(3)}
    for minutes in (10, 11, 12, 13):
        fire(_rules(3), healthy() | short, (), after=f"{minutes}m")


def test_a_single_member_has_no_quorum_to_lose() -> None:
    assert {rule.name.removeprefix("Postgres_main") for rule in _rules(1)} == {
        "StoreNoLeader", "StoreSlow", "StoreFills",
    }  # fmt: skip


def _fired(series: Series, expected: list[str], members: int) -> None:
    fire(_rules(members), series, {f"Postgres_main{suffix}" for suffix in expected}, after="25m")


def _rules(members: int) -> tuple[AlertRule, ...]:
    return StoreAlerts(name="main", members=members, store="postgres-main-store").rules()
