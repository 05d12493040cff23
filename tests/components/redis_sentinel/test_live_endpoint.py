"""The plain write endpoint in the real haproxy, in front of a real group: a client that knows one address."""

import http.client
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
ENDPOINT = 8


@pytest.fixture
def group(role: str, tmp_path: Path) -> Iterator[Group]:
    """A group behind its endpoint."""
    require_programs("redis-server", "redis-sentinel", "redis-cli", "haproxy", packages="Debian packages")
    one = Group(tmp_path, {"role": role, "members": COUNT, "endpoint": True})
    try:
        one.start_all()
        one.start_proxy()
        yield one
    finally:
        one.stop()


def write(group: Group, value: int) -> bool:
    return group.ask("redis", ENDPOINT, "set", "key", str(value)) == "OK"


def asked(group: Group, path: str) -> int:
    """The status that a proxy answers."""
    connection = http.client.HTTPConnection(group.address(ENDPOINT), 8404, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def ready(group: Group) -> int:
    return asked(group, "/ready")


@pytest.mark.parametrize("role", ["session", "cache"])
def test_it_follows_the_master(group: Group) -> None:
    assert write(group, 1)
    assert ready(group) == 200
    master = group.master()
    for ordinal in range(COUNT):
        group.kill("sentinel", ordinal)  # nobody promotes another
    group.kill("redis", master)
    wait_for("it is not ready", lambda: ready(group) == 503, seconds=120)
    assert asked(group, "/health") == 200, "nobody restarts it"
    for ordinal in range(COUNT):
        group.start("sentinel", ordinal)
    began = time.monotonic()
    wait_for("writes go on", lambda: write(group, 2), seconds=120)
    assert ready(group) == 200
    print(f"writes again after {time.monotonic() - began:.1f} s")
    group.start("redis", master)
    group.wait_whole()
    assert [group.ask("redis", ordinal, "get", "key") for ordinal in range(COUNT)] == ["2"] * COUNT


@pytest.mark.parametrize("role", ["session"])
def test_a_master_that_does_not_know_that_it_was_deposed_gets_nothing(group: Group) -> None:
    """It was cut off (here: stopped) while another was chosen, and says `role:master` until a Sentinel reaches it."""
    master = group.master()
    group.signal("redis", master, signal.SIGSTOP)
    wait_for("writes go on", lambda: write(group, 1), seconds=120)
    for ordinal in range(COUNT):
        group.signal("sentinel", ordinal, signal.SIGSTOP)  # nobody tells it
    group.signal("redis", master, signal.SIGCONT)
    wait_for("it is back as a master", lambda: group.field("redis", master, "role") == "master", seconds=120)
    for value in range(2, 22):
        assert write(group, value)
        time.sleep(0.1)  # longer than the checks need to see it
    assert group.ask("redis", master, "get", "key") != "21"
    assert group.ask("redis", ENDPOINT, "get", "key") == "21"
    for ordinal in range(COUNT):
        group.signal("sentinel", ordinal, signal.SIGCONT)
    group.wait_whole()
