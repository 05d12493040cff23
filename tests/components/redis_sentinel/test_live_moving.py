"""Members that come back at another address, as a Swarm's do: a real group, and a client that writes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.moving_members import MovingGroup
from tests.components.redis_sentinel.redis_members import COUNT, PORTS
from tests.components.redis_sentinel.writer import Writer, written
from tests.guarantees.budgets import SWARM, redis, seconds
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]


@pytest.fixture
def group(settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MovingGroup]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", "unshare", packages="Debian packages")
    one = MovingGroup(tmp_path, {"role": "session", "members": COUNT, **settings}, monkeypatch)
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


def _kept(group: MovingGroup, settings: dict[str, Any], fault: str, inflict: Callable[[], None]) -> None:
    """Every acknowledged write is there after the fault, and writes went on within what is promised."""
    writer = Writer(group)
    writer.during(inflict)
    group.wait_whole()
    lost = set(writer.acknowledged) - written(group)
    print(f"{fault}: no write for {writer.longest:.2f} s; {len(lost)} of {len(writer.acknowledged)} lost")
    found = redis(SWARM, **settings)
    promised = max(seconds(found[one]) or 0 for one in (fault, "host lost, first vote split"))
    assert promised
    assert not lost
    assert writer.longest <= promised, "of an election that has to be held again, which a busy machine brings about"
    group.ask("redis", group.master(), "del", "written")
    group.wait_whole()


def _killed(group: MovingGroup, away: float) -> None:
    """Until it is known that writes go on."""
    master = group.master()
    group.kill("redis", master)
    time.sleep(away)
    group.start("redis", master)
    wait_for("it answers", lambda: group.ask("redis", master, "ping") == "PONG", seconds=120)
    time.sleep(max(0.0, 9 - away))  # as long as it may take that another is the master


def _restarted(group: MovingGroup) -> None:
    group.kill_all()
    time.sleep(2)
    for server in PORTS:
        for ordinal in range(COUNT):
            group.start(server, ordinal)


STANDARD: dict[str, Any] = {"failover": "standard"}
PATIENT: dict[str, Any] = {"timers": {"down_after": "20s", "failover_timeout": "60s"}}
"""A server that starts late on a busy machine is back long before it counts as lost, too."""


@pytest.mark.parametrize("settings", [PATIENT])
def test_a_master_that_is_back_before_it_counts_as_lost_stays_the_master(
    group: MovingGroup, settings: dict[str, Any]
) -> None:
    """And after that everything is back at other addresses."""
    master = group.master()
    _kept(group, settings, "master killed", lambda: _killed(group, 2.2))
    assert group.master() == master, "nobody declared the live one dead"
    group.named_after = 5
    _kept(group, settings, "everything restarted", lambda: _restarted(group))


@pytest.mark.slow
@pytest.mark.parametrize("named_after", [0, 5])
@pytest.mark.parametrize("away", [1.0, 3.0, 4.2, 4.6, 4.9, 5.2, 5.6, 8.0])
@pytest.mark.parametrize("settings", [STANDARD])
def test_whenever_it_is_back_nothing_is_lost(
    group: MovingGroup, settings: dict[str, Any], away: float, named_after: float
) -> None:
    group.named_after = named_after
    _kept(group, settings, "master killed", lambda: _killed(group, away))


@pytest.mark.slow
@pytest.mark.parametrize("named_after", [0, 5])
@pytest.mark.parametrize("away", [0.2, 0.8, 1.2, 2.2])
@pytest.mark.parametrize("settings", [{}])
def test_with_fast_timers_neither(
    group: MovingGroup, settings: dict[str, Any], away: float, named_after: float
) -> None:
    group.named_after = named_after
    _kept(group, settings, "master killed", lambda: _killed(group, away))
    _kept(group, settings, "everything restarted", lambda: _restarted(group))
