"""A master that answers and is deposed nevertheless: a real group, and a client that writes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SENTINEL_SECONDS = 8
"""After which it converts a master that should follow: four times the period of its hellos."""


@pytest.fixture
def group(role: str, tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    one = Group(tmp_path, {"role": role, "members": COUNT})
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


@pytest.mark.parametrize("role", ["session", "cache"])
def test_it_lets_writes_wait_and_follows_the_new_one_at_once(group: Group) -> None:
    """Sentinel alone leaves it the master for 8 s or more and then converts it, and what it acknowledges meanwhile is
    lost. The order to wait has 0.15 to 0.3 s before the replica is promoted; a busy machine may start it later."""
    master, writer = group.master(), Writer(group)

    def deposed() -> None:
        assert group.ask("sentinel", 0, "sentinel", "failover", "main") == "OK"
        wait_for("all Sentinels name another", lambda: master not in map(group.master, range(COUNT)), seconds=120)

    writer.during(deposed)
    group.wait_whole()
    lost = set(writer.acknowledged) - written(group)
    print(f"no write for {writer.longest:.2f} s; {len(lost)} of {len(writer.acknowledged)} acknowledged were lost")
    assert group.master() != master
    times = [writer.times[value] for value in lost]
    held = max(times, default=0.0) - min(times, default=0.0)
    assert held < SENTINEL_SECONDS / 2, f"it took writes for {held:.1f} s"
    said = "".join(group.log("sentinel", ordinal) for ordinal in range(COUNT))
    assert "+switch-master" in said
    assert "+convert-to-slave" not in said, "it followed before a Sentinel told it to"
