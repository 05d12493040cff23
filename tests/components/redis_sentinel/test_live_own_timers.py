"""A real group with a name, timers and parameters of its own, and Sentinels that get other timers later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    require_programs(
        "redis-server", "redis-sentinel", "redis-cli", packages="redis-server and redis-sentinel are Debian packages"
    )
    settings = {
        "role": "session",
        "members": COUNT,
        "master_name": "mymaster",
        "timers": {"down_after": "900ms", "failover_timeout": "4s"},
        "parameters": {"slowlog-max-len": 77},
    }
    one = Group(tmp_path, settings)
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


def _timers(group: Group, sentinel: int) -> tuple[str, str]:
    lines = group.ask("sentinel", sentinel, "sentinel", "master", "mymaster").splitlines()
    said = dict(zip(lines[::2], lines[1::2], strict=False))
    return said["down-after-milliseconds"], said["failover-timeout"]


def _ask_period(group: Group, sentinel: int) -> str:
    lines = group.ask("sentinel", sentinel, "sentinel", "debug").split()
    return dict(zip(lines[::2], lines[1::2], strict=True))["ASK-PERIOD"]


def test_they_are_in_force_and_a_sentinel_with_a_memory_takes_new_ones(group: Group) -> None:
    assert [_timers(group, ordinal) for ordinal in range(COUNT)] == [("900", "4000")] * COUNT
    answers = [group.ask("redis", ordinal, "config", "get", "slowlog-max-len").split() for ordinal in range(COUNT)]
    assert answers == [["slowlog-max-len", "77"]] * COUNT
    eighth = ["112"] * COUNT
    wait_for("they ask so often", lambda: [_ask_period(group, one) for one in range(COUNT)] == eighth, seconds=120)
    master = group.master()
    group.kill("redis", master)
    other = (master + 1) % COUNT
    wait_for("another master", lambda: group.master(other) != master, seconds=120)
    config = group.file("sentinel", other, "sentinel.conf")
    config.write_text(config.read_text().replace(" 900\n", " 2500\n").replace(" 4000\n", " 9000\n"))
    group.kill("sentinel", other)
    group.start("sentinel", other)
    wait_for("the Sentinel is back", lambda: _timers(group, other) == ("2500", "9000"), seconds=120)
    assert group.master(other) != master, "and remembers who is the master"
