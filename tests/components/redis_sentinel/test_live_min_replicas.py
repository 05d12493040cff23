"""A real group whose master takes writes only while so many replicas are in reach."""

import math
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PATIENT = {"down_after": "60s", "failover_timeout": "120s"}
"""No failover meanwhile: the master is the one that the test writes to."""


@pytest.fixture
def group(min_replicas: dict[str, Any], role: str, tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    settings = {"role": role, "members": COUNT, "timers": PATIENT, "min_replicas": min_replicas, "endpoint": True}
    one = Group(tmp_path, settings)
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


def taken(group: Group, member: int) -> bool:
    """Whether a write is; another error than that of missing replicas fails."""
    answer = group.ask("redis", member, "incr", "written")
    assert answer.isdigit() or "NOREPLICAS" in answer, answer
    return answer.isdigit()


def silent(group: Group, master: int) -> float:
    """Seconds since the master heard of a replica, as it counts them itself; for ever, where it has dropped all."""
    told = group.ask("redis", master, "info", "replication")
    return min((int(lag) for lag in re.findall(r"^slave\d+:.*lag=(\d+)", told, re.MULTILINE)), default=math.inf)


@pytest.mark.parametrize(("role", "min_replicas"), [("session", {"to_write": 2})])
def test_where_every_replica_is_needed_one_loss_stops_writes_until_it_is_back(group: Group) -> None:
    master = group.master()
    replica = (master + 1) % COUNT
    assert taken(group, master)
    group.start_proxy()
    group.kill("redis", replica)
    wait_for("writes are refused", lambda: not taken(group, master), seconds=120)
    group.start("redis", replica)
    wait_for("writes are taken", lambda: taken(group, master), seconds=120)
    wait_for("the plain address, too", lambda: taken(group, 8), seconds=120)


@pytest.mark.parametrize(
    ("role", "min_replicas", "lag"),
    [("cache", {"to_write": 1, "max_lag": "2s"}, 2), ("session", {"max_lag": "8s"}, 8)],
)
def test_a_master_that_is_cut_off_takes_writes_as_long_as_promised(group: Group, lag: int) -> None:
    """Its replicas stop to answer, and their connections stay. Promised: the lag and two seconds, by its own clock."""
    master = group.master()
    for ordinal in set(range(COUNT)) - {master}:
        group.signal("redis", ordinal, signal.SIGSTOP)
    last = [silent(group, master)]

    def refused() -> bool:
        before = silent(group, master)
        if not taken(group, master):
            return True
        last.append(before)
        return False

    wait_for("writes are refused", refused, seconds=120, every=0.1)
    after = silent(group, master)
    print(f"a write was taken after {last[-1]} s of silence, and one refused after {after} s, with a lag of {lag} s")
    assert last[-1] <= lag + 2
    assert after > lag, "not before"
    for ordinal in set(range(COUNT)) - {master}:
        group.signal("redis", ordinal, signal.SIGCONT)
    wait_for("writes are taken", lambda: taken(group, master), seconds=120)


@pytest.mark.parametrize(("role", "min_replicas"), [("session", {"to_write": 0})])
def test_without_the_need_a_master_goes_on_alone(group: Group) -> None:
    master = group.master()
    for ordinal in set(range(COUNT)) - {master}:
        group.kill("redis", ordinal)
    wait_for("the replicas are gone", lambda: group.field("redis", master, "connected_slaves") == "0", seconds=120)
    assert taken(group, master)
