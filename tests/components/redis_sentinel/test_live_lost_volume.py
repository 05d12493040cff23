"""Members and Sentinels of a real group that come back on an empty volume: what was written is still there."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
KEYS = 500
SESSION = {"role": "session", "members": COUNT}
Make = Callable[[dict[str, Any]], Group]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A group that runs and holds `KEYS` keys."""
    require_programs(
        "redis-server", "redis-sentinel", "redis-cli", packages="redis-server and redis-sentinel are Debian packages"
    )
    made: list[Group] = []

    def group(settings: dict[str, Any]) -> Group:
        made.append(Group(tmp_path, settings))
        made[0].start_all()
        master = made[0].master()
        made[0].ask("redis", master, "eval", f"for i=1,{KEYS} do redis.call('set', 'k'..i, i) end", "0")
        made[0].wait_whole()
        return made[0]

    try:
        yield group
    finally:
        for one in made:
            one.stop()


def keys(group: Group) -> list[int]:
    """How many each member holds."""
    return [int(group.ask("redis", ordinal, "dbsize")) for ordinal in range(COUNT)]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(SESSION, id="session"),
        pytest.param({**SESSION, "failover": "standard"}, id="session, standard timers"),
        pytest.param({"role": "cache", "members": COUNT}, id="cache"),
    ],
)
def test_a_master_that_is_back_at_once_without_data_takes_it_from_the_others(
    make: Make, settings: dict[str, Any]
) -> None:
    """Back long before the Sentinels miss it: they still name it. A cache has no data at any start."""
    group = make(settings)
    master = group.master()
    if settings["role"] == "cache":
        group.kill("redis", master)
    else:
        group.lose("redis", master)
    began = time.monotonic()
    group.start("redis", master)
    wait_for("another master", lambda: group.master() != master, seconds=120)
    elected = time.monotonic() - began
    group.wait_whole()
    print(f"another master after {elected:.1f} s, whole after {time.monotonic() - began:.1f} s")
    assert keys(group) == [KEYS] * COUNT
    assert "waiting until another member is the master" in group.log("redis", master)


def test_with_every_sentinel_away_it_waits_for_them(make: Make) -> None:
    group = make(SESSION)
    master = group.master()
    replicas = [ordinal for ordinal in range(COUNT) if ordinal != master]
    for ordinal in range(COUNT):
        group.kill("sentinel", ordinal)
    group.lose("redis", master)
    group.start("redis", master)
    wait_for("it waits", lambda: group.log("redis", master).count("waiting until") >= 5, seconds=120)
    assert [int(group.ask("redis", ordinal, "dbsize")) for ordinal in replicas] == [KEYS] * 2
    for ordinal in range(COUNT):
        group.start("sentinel", ordinal)
    group.wait_whole()
    assert keys(group) == [KEYS] * COUNT


def test_a_person_can_accept_the_loss(make: Make) -> None:
    """The others that hold the data are gone for good."""
    group = make(SESSION)
    master = group.master()
    for ordinal in range(COUNT):
        if ordinal != master:
            group.kill("redis", ordinal)
    group.lose("redis", master)
    group.start("redis", master)
    wait_for("it waits", lambda: group.log("redis", master).count("waiting until") >= 5, seconds=120)
    (group.volume("redis", master) / "start-empty").touch()
    wait_for("it answers", lambda: group.ask("redis", master, "ping") == "PONG", seconds=120)
    assert group.field("redis", master, "role") == "master"
    assert not (group.volume("redis", master) / "start-empty").exists(), "once"


def test_a_restart_of_everything_empties_a_cache(make: Make) -> None:
    """It does not wait for data that nobody has."""
    group = make({"role": "cache", "members": COUNT})
    master = group.master()
    group.kill_all()
    began = time.monotonic()
    for server in PORTS:
        for ordinal in (master, *(other for other in range(COUNT) if other != master)):
            group.start(server, ordinal)
    group.wait_whole()
    print(f"whole after {time.monotonic() - began:.1f} s")
    assert keys(group) == [0] * COUNT


@pytest.mark.parametrize("first", ["without memory", "out of date"])
def test_a_restart_of_everything_whose_first_sentinel_knows_a_former_master(make: Make, first: str) -> None:
    """It names a member that lacks what was written since; the master must not become its replica."""
    group = make(SESSION)
    former = group.master()
    if first == "out of date":
        group.kill("sentinel", 0)
    group.kill("redis", former)
    wait_for("another master", lambda: group.master(1) != former, seconds=120)
    later = ("eval", "for i=1,50 do redis.call('set', 'later'..i, i) end", "0")
    # Without its replica it refuses them for a moment.
    wait_for("it takes writes", lambda: group.ask("redis", group.master(1), *later) == "", seconds=120)
    time.sleep(1.1)  # the file is synced once a second
    group.kill_all()
    if first == "without memory":
        shutil.rmtree(group.volume("sentinel", 0))
    group.start("sentinel", 0)
    wait_for("the Sentinel names a master, or waits", lambda: group.says_or_waits(0), seconds=120)
    for ordinal in range(COUNT):
        group.start("redis", ordinal)
    for ordinal in range(COUNT):
        wait_for("it answers", lambda n=ordinal: group.ask("redis", n, "ping"), seconds=120)  # type: ignore[misc]
    for ordinal in (1, 2):
        group.start("sentinel", ordinal)
    group.wait_whole()
    assert keys(group) == [KEYS + 50] * COUNT


def test_the_master_s_host_is_back_without_data_while_another_is_lost(make: Make) -> None:
    """No two members are there to agree on a master; the one that is left has everything."""
    group = make(SESSION)
    master = group.master()
    lost, left = (ordinal for ordinal in range(COUNT) if ordinal != master)
    for server in PORTS:
        group.kill(server, lost)
        group.lose(server, master)
    group.set("sentinel", "HA_PATIENCE_SECONDS", "5")
    for server in PORTS:
        group.start(server, master)
    wait_for("the member that is left is the master", lambda: group.master(left) == left, seconds=120)
    assert int(group.ask("redis", left, "dbsize")) == KEYS
    for server in PORTS:
        group.start(server, lost)
    group.wait_whole()
    assert keys(group) == [KEYS] * COUNT


def test_lost_replicas_and_sentinels_are_as_many_as_before(make: Make) -> None:
    """One after the other, each Sentinel once: they still count three, and still choose another master."""
    group = make(SESSION)
    master = group.master()
    for ordinal in range(COUNT):
        if ordinal != master:
            group.lose("redis", ordinal)
            group.start("redis", ordinal)
        group.lose("sentinel", ordinal)
        group.start("sentinel", ordinal)
        group.wait_whole()
    assert keys(group) == [KEYS] * COUNT
    group.kill("redis", master)
    wait_for("another master", lambda: group.master() != master, seconds=120)
    group.start("redis", master)
    group.wait_whole()
    assert keys(group) == [KEYS] * COUNT
