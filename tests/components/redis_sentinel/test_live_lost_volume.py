"""Members and Sentinels of a real group that come back on an empty volume: what was written is still there."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.deployed.waiting import wait_for
from tests.live.require import refuse

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
KEYS = 500
SESSION = {"role": "session", "members": COUNT}
Make = Callable[[dict[str, Any]], Group]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A group that runs and holds `KEYS` keys."""
    programs = ("redis-server", "redis-sentinel", "redis-cli")
    if missing := [program for program in programs if shutil.which(program) is None]:
        refuse(f"not here: {', '.join(missing)} (redis-server and redis-sentinel are Debian packages)")
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
    wait_for("another master", lambda: group.master() != master, seconds=60)
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
    wait_for("it waits", lambda: group.log("redis", master).count("waiting until") >= 5, seconds=30)
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
    wait_for("it waits", lambda: group.log("redis", master).count("waiting until") >= 5, seconds=60)
    (group.volume("redis", master) / "start-empty").touch()
    wait_for("it answers", lambda: group.ask("redis", master, "ping") == "PONG", seconds=20)
    assert group.field("redis", master, "role") == "master"
    assert not (group.volume("redis", master) / "start-empty").exists(), "once"


@pytest.mark.parametrize("role", ["session", "cache"])
def test_a_restart_of_everything(make: Make, role: str) -> None:
    """A session store keeps its data; a cache comes back empty, and does not wait for data that nobody has."""
    group = make({"role": role, "members": COUNT})
    master = group.master()
    for server in ("redis", "sentinel"):
        for ordinal in range(COUNT):
            group.kill(server, ordinal)
    if role == "session":
        time.sleep(1.1)  # nothing is written meanwhile; the file is synced once a second
    began = time.monotonic()
    for server in ("redis", "sentinel"):
        for ordinal in (master, *(other for other in range(COUNT) if other != master)):
            group.start(server, ordinal)  # type: ignore[arg-type]
    group.wait_whole()
    print(f"{role}: whole after {time.monotonic() - began:.1f} s")
    assert keys(group) == [0 if role == "cache" else KEYS] * COUNT


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
    wait_for("another master", lambda: group.master() != master, seconds=30)
    group.start("redis", master)
    group.wait_whole()
    assert keys(group) == [KEYS] * COUNT
