"""A rotation of passwords in a real group: a client with the former user writes until it is replaced, and another with
the new one from when there is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
SESSION = {"role": "session", "members": COUNT}
FORMER, NEW = "app-web", "app-web_2"


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    made = Group(tmp_path, SESSION)
    try:
        made.start_all()
        yield made
    finally:
        made.stop()


def rotating(counter: int) -> dict[str, Any]:
    return {**SESSION, "rotate": {"passwords": counter}}


def lets_in(group: Group, user: str, members: range = range(COUNT)) -> list[bool]:
    """Whether each member does."""
    found = []
    for ordinal in members:
        try:
            found.append(group.ask("redis", ordinal, "ping", login=(user, group.apps[user])) == "PONG")
        except OSError:
            found.append(False)
    return found


def restart(group: Group, ordinal: int, *, lost: bool = False) -> None:
    """One member starts again, with or without its volume."""
    if lost:
        group.lose("redis", ordinal)
    else:
        group.stop_one("redis", ordinal)
    group.start("redis", ordinal)
    group.wait_whole()


def test_clients_with_either_user_write_until_the_former_one_is_taken_away(group: Group) -> None:
    old = Writer(group, login=(FORMER, group.apps[FORMER]))
    new: list[Writer] = []

    def replaced() -> None:
        """The members, and then a client."""
        group.change(rotating(2))
        group.replace("redis")
        assert lets_in(group, FORMER) == lets_in(group, NEW) == [True] * COUNT
        new.append(Writer(group, login=(NEW, group.apps[NEW])))
        new[0].during(in_use)

    def in_use() -> None:
        """The other client is not replaced yet."""
        done = group.retire(seconds=2, quiet=0)
        assert done.returncode == 1
        assert "app-web is connected at" in done.stderr, done
        assert lets_in(group, FORMER) == [True] * COUNT

    old.during(replaced)
    refused_by_a_silent_member(group)
    later = Writer(group, login=(NEW, group.apps[NEW]))
    later.during(lambda: retired(group))
    print(f"no write for {old.longest:.2f} s in the change of the members, {later.longest:.2f} s in the end")
    assert later.failed == 0, "clients notice nothing of the end"
    acknowledged = {*old.acknowledged, *new[0].acknowledged, *later.acknowledged}
    assert acknowledged <= written(group, login=(NEW, group.apps[NEW]))
    comes_back_to_nobody(group)
    refuses_other_counters(group)


def refused_by_a_silent_member(group: Group) -> None:
    """Nothing is taken anywhere while one does not answer; and what was done to one alone is done to all then."""
    away = (group.master() + 1) % COUNT
    group.kill("redis", away)
    done = group.retire(seconds=1, quiet=0)
    assert (done.returncode, f"{group.address(away)} does not answer" in done.stderr) == (1, True), done
    group.start("redis", away)
    group.wait_whole()
    assert lets_in(group, FORMER) == [True] * COUNT
    rotation = ("ha_rotation", group.own["ha_rotation"])
    group.ask("redis", away, "acl", "deluser", FORMER, login=rotation)  # and the job ended before it was written


def retired(group: Group) -> None:
    done = group.retire(seconds=120, quiet=1)
    assert done.returncode == 0, done
    assert done.stdout.count("took app-web away") == COUNT - 1
    assert lets_in(group, FORMER) == [False] * COUNT
    assert group.retire(seconds=60, quiet=0).returncode == 0, "and again"


def comes_back_to_nobody(group: Group) -> None:
    """In a member that starts again, and in one that has lost its volume."""
    replicas = [ordinal for ordinal in range(COUNT) if ordinal != group.master()]
    restart(group, replicas[0])
    restart(group, replicas[1], lost=True)
    assert lets_in(group, FORMER) == [False] * COUNT
    assert lets_in(group, NEW) == [True] * COUNT


def refuses_other_counters(group: Group) -> None:
    """The first member that is replaced does not start, so that the others go on."""
    replica = (group.master() + 1) % COUNT
    for counter, words in ((4, "is 4, and clients may still have a password of two before"), (3, "")):
        group.change(rotating(counter))
        group.stop_one("redis", replica)
        group.start("redis", replica)
        if words:
            wait_for("it says why", lambda said=words: said in group.log("redis", replica), seconds=120)  # type: ignore[misc]
    group.wait_whole()
    assert lets_in(group, "app-web_3", range(replica, replica + 1)) == [True]
    group.change(rotating(2))
    group.stop_one("redis", replica)
    group.start("redis", replica)
    words = "is 2, and was 3 here: the counter never goes back"
    wait_for("it says why", lambda: words in group.log("redis", replica), seconds=120)
