"""A master that is stopped on purpose: a real group, a client that writes on, and Sentinels that would miss the master
only after a minute."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]


@pytest.fixture
def group(role: str, tmp_path: Path) -> Iterator[Group]:
    require_programs(
        "redis-server", "redis-sentinel", "redis-cli", packages="redis-server and redis-sentinel are Debian packages"
    )
    slow = {"down_after": "60s", "failover_timeout": "120s"}
    one = Group(tmp_path, {"role": role, "members": COUNT, "timers": slow})
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


@pytest.mark.parametrize("role", ["cache"])
def test_a_master_that_is_stopped_hands_over(group: Group) -> None:
    master, writer = group.master(), Writer(group)
    writer.during(lambda: group.stop_one("redis", master))
    print(f"no write for {writer.longest:.2f} s; {len(writer.acknowledged)} acknowledged")
    assert group.master() != master
    assert "handed over" in group.log("redis", master)
    group.start("redis", master)
    group.wait_whole()
    for ordinal in range(COUNT):
        assert set(writer.acknowledged) <= written(group, ordinal)


@pytest.mark.parametrize("role", ["session"])
def test_every_member_in_turn_is_replaced_and_nothing_is_lost(group: Group) -> None:
    writer = Writer(group)
    writer.during(lambda: group.replace("redis"))
    print(f"no write for {writer.longest:.2f} s; {len(writer.acknowledged)} acknowledged")
    assert set(writer.acknowledged) <= written(group)


@pytest.mark.parametrize("role", ["session"])
def test_where_no_sentinel_answers_it_stops_and_keeps_everything(group: Group) -> None:
    master = group.master()
    group.ask("redis", master, "set", "key", "kept")
    for ordinal in range(COUNT):
        group.kill("sentinel", ordinal)
    group.stop_one("redis", master)
    assert "no Sentinel promoted a replica" in group.log("redis", master)
    group.start("redis", master)
    for ordinal in range(COUNT):
        group.start("sentinel", ordinal)
    group.wait_whole()
    assert group.master() == master
    assert group.ask("redis", master, "get", "key") == "kept"


@pytest.mark.parametrize("role", ["session"])
def test_everything_is_stopped_and_started(group: Group) -> None:
    group.ask("redis", group.master(), "set", "key", "kept")
    group.wait_whole()
    members = [(server, ordinal) for server in PORTS for ordinal in range(COUNT)]
    stops = [threading.Thread(target=group.stop_one, args=member) for member in members]
    for stop in stops:
        stop.start()
    for stop in stops:
        stop.join()
    for member in members:
        group.start(*member)
    group.wait_whole()
    assert [group.ask("redis", ordinal, "get", "key") for ordinal in range(COUNT)] == ["kept"] * COUNT
