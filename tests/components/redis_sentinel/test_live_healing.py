"""Groups without a master, and with two: a real group that nobody mends by hand."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
HEALED_SECONDS = 120
"""Three looks of 2 s each, at which 2 s may be waited for an answer, and one more for the copy; on a busy machine."""


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    one = Group(tmp_path, {"role": "session", "members": COUNT})
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


def _healed(group: Group, master: int, key: str) -> float:
    """Seconds until writes are taken by this one, and the group is whole."""
    began = time.monotonic()
    wait_for("writes are taken", lambda: group.ask("redis", master, "set", key, "new") == "OK", seconds=HEALED_SECONDS)
    taken = time.monotonic() - began
    group.wait_whole()
    assert group.master() == master
    assert [group.ask("redis", ordinal, "get", key) for ordinal in range(COUNT)] == ["new"] * COUNT
    return taken


def test_without_a_master_the_one_that_the_sentinels_name_leads_and_of_two_it_stays(group: Group) -> None:
    """Sentinel alone: no replica is fit for a failover, for none has had a master for so long; and a second master is
    turned after 10 s at the earliest."""
    master = group.master()
    one = (master + 1) % COUNT
    group.ask("redis", master, "set", "kept", "1")
    group.wait_whole()

    for ordinal in range(COUNT):
        group.kill("sentinel", ordinal)
    group.ask("redis", master, "replicaof", group.address(one), "6379")
    assert {group.field("redis", ordinal, "role") for ordinal in range(COUNT)} == {"slave"}
    for ordinal in range(COUNT):
        group.start("sentinel", ordinal)
    print(f"without a master: writes after {_healed(group, master, 'a'):.1f} s")
    assert "the Sentinels say otherwise: lead" in group.log("redis", master)

    # Two masters after a split, and Sentinels that forgot: most members follow one.
    for ordinal in range(COUNT):
        group.kill("sentinel", ordinal)
        shutil.rmtree(group.volume("sentinel", ordinal))
    group.ask("redis", one, "replicaof", "no", "one")
    assert [group.field("redis", ordinal, "role") for ordinal in (master, one)] == ["master"] * 2
    for ordinal in range(COUNT):
        group.start("sentinel", ordinal)
    began = time.monotonic()
    wait_for("one master", lambda: group.field("redis", one, "role") == "slave", seconds=HEALED_SECONDS)
    by_itself = "the Sentinels say otherwise: follow" in group.log("redis", one)
    print(f"one master after {time.monotonic() - began:.1f} s, by {'itself' if by_itself else 'a Sentinel'}")
    _healed(group, master, "b")
    assert group.ask("redis", master, "get", "kept") == "1"
