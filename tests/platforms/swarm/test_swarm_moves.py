"""What a move of members says, and which moves are refused."""

from dataclasses import replace
from typing import Any

import pytest

from model import Members
from platforms.swarm.moves import DataLost, announcements
from platforms.swarm.names import Names
from tests.platforms.swarm.rendering import SETTINGS, registered, services
from tests.platforms.swarm.test_swarm_members import database, members_of
from tests.platforms.words import Word

NODES = SETTINGS.model_copy(update={"nodes": ("a", "b", "c", "d", "e", "f")})


def word(
    *hosts: str, abandon: tuple[str, ...] = (), peers: bool = True, electorate: bool = False, disposable: bool = False
) -> Members:
    made: list[Members] = []

    def make(container: Any) -> list[Word]:
        of = database(container)
        of = replace(
            of,
            volume=replace(of.volume, disposable=disposable),
            count=len(hosts),
            hosts=hosts,
            abandon_data_on=abandon,
            peers=peers,
            electorate=electorate,
        )
        made.append(of)
        return [*made]

    registered(make, NODES)
    return made[0]


def inputs(*hosts: str) -> list[dict[str, Any]]:
    """Of each member's service, as it is rendered."""
    found = services(lambda c: [replace(database(c), count=len(hosts), hosts=hosts)], NODES)
    return [found[f"shop-db-{ordinal}"] for ordinal in range(len(hosts))]


def said(before: str, after: str, abandon: str = "", **of: bool) -> dict[int, list[str]]:
    """What each member's hook says of a change; hosts are letters. Raises DataLost where the first refuses."""
    old, new = inputs(*before), inputs(*after)
    wanted = word(*after, abandon=tuple(abandon), **of)
    return {
        ordinal: list(announcements(wanted, Names(stack="shop"), ordinal, old[ordinal], new[ordinal]))
        for ordinal in range(min(len(old), len(new)))
    }


def test_every_member_is_watched_by_the_hook_of_its_word() -> None:
    hooks = {name: one.before_update for name, one in members_of(registered(lambda c: [database(c)])).items()}
    assert hooks == {f"db-{ordinal}": ("moves-db", "shared-db") for ordinal in range(3)}


def test_a_move_is_told_once_with_what_stays_behind() -> None:
    told = said("abc", "adc")
    assert told[0] == told[2] == []
    assert told[1] == [
        "stack.databases.db: db-1 moves from b to d. It copies its peers' data there; its volume stays behind on b. "
        "Once all is healthy, remove it there: `docker volume rm shop-db-1`."
    ]


def test_two_of_three_may_move_one_after_the_other() -> None:
    told = said("abc", "bac")
    assert [len(told[ordinal]) for ordinal in range(3)] == [1, 1, 0]


@pytest.mark.parametrize(("before", "after"), [("abc", "bca"), ("abc", "def"), ("a", "b"), ("a", "bcd")])
def test_a_move_after_which_nobody_has_the_data_is_refused_before_the_first(before: str, after: str) -> None:
    old, new = inputs(*before), inputs(*after)
    for ordinal in range(min(len(old), len(new))):  # whichever is asked first
        with pytest.raises(DataLost) as refused:
            list(announcements(word(*after), Names(stack="shop"), ordinal, old[ordinal], new[ordinal]))
        text = str(refused.value)
        assert text.startswith("stack.databases.db: no member would stay where its data is (db-0 from a to ")
        assert f"set `abandon_data_on: [{', '.join(before)}]`" in text
        assert ("leave it there" in text) is (len(before) == 1)


@pytest.mark.parametrize(("before", "after"), [("a", "abc"), ("abc", "abc")])
def test_what_keeps_a_member_in_its_place_is_not_refused(before: str, after: str) -> None:
    assert [text for texts in said(before, after).values() for text in texts] == []


@pytest.mark.parametrize("after", ["a", "d"])
def test_a_store_does_not_get_smaller(after: str) -> None:
    with pytest.raises(DataLost, match="cannot go from 3 members to 1: those that stay would still count"):
        said("abc", after)


def test_an_electorate_does_not_grow_and_may_move() -> None:
    names, old, new = Names(stack="shop"), inputs(*"a"), inputs(*"abc")
    with pytest.raises(DataLost, match=r"cannot go from 1 members to 3: .* Keep 1: write `store: \{members: 1\}`"):
        list(announcements(word(*"abc", electorate=True), names, 0, old[0], new[0]))
    moved = list(announcements(word(*"abd", electorate=True), names, 2, inputs(*"abc")[2], inputs(*"abd")[2]))
    assert len(moved) == 1


def test_data_is_abandoned_only_on_the_hosts_that_are_named() -> None:
    told = said("abc", "def", abandon="abc")
    assert "the data on a, b, c is ABANDONED" in told[0][0]
    assert "It starts there on an empty volume" in told[0][1]
    assert [len(told[ordinal]) for ordinal in range(3)] == [2, 2, 2]
    for abandon in ("ab", "def"):
        with pytest.raises(DataLost):
            said("abc", "def", abandon=abandon)


def test_a_member_deployed_without_a_record_of_its_peers_does_not_move() -> None:
    def unrecorded(hosts: str) -> dict[str, Any]:
        service = inputs(*hosts)[1]
        return service | {"labels": [one for one in service["labels"] if one["label"] != "ha-platform.hosts"]}

    names = Names(stack="shop")
    with pytest.raises(DataLost, match="db-1 would move from b to d, and where its peers are was not recorded"):
        list(announcements(word(*"adc"), names, 1, unrecorded("abc"), inputs(*"adc")[1]))
    assert not list(announcements(word(*"abd"), names, 1, unrecorded("abc"), inputs(*"abd")[1]))


def test_a_label_alone_restarts_no_member() -> None:
    """The record of a peer's move is beside the task: Swarm replaces tasks for a changed task alone."""
    old, new = inputs(*"abc"), inputs(*"abd")
    for ordinal in (0, 1):
        assert old[ordinal] != new[ordinal]
        assert {key for key in old[ordinal] if old[ordinal][key] != new[ordinal][key]} == {"labels"}


def test_one_without_peers_leaves_its_data_only_by_name() -> None:
    with pytest.raises(DataLost, match=r"db-1 from b to d\).*no other replica has a copy.*`abandon_data_on: \[b\]`"):
        said("abc", "adc", peers=False)
    with pytest.raises(DataLost, match="db-2 from c to e"):
        said("abc", "ade", "b", peers=False)
    told = said("abc", "adc", "b", peers=False)
    assert told[0] == told[2] == []
    assert "db-1 moves from b to d, where it starts on an empty volume: its data is ABANDONED" in told[1][0]


def test_there_may_be_fewer_without_peers_and_what_stays_is_told_once() -> None:
    told = said("abc", "a", peers=False)
    assert [text.partition(";")[0] for text in told[0]] == [
        "stack.databases.db: db-1 goes",
        "stack.databases.db: db-2 goes",
    ]
    assert "its volume stays behind on c" in told[0][1]
    assert said("ab", "abc", peers=False) == {0: [], 1: []}, "one more starts empty"


def test_what_nobody_misses_is_left_behind_unasked() -> None:
    told = said("a", "b", peers=False, disposable=True)
    assert told[0][0].startswith("stack.databases.db: db-0 moves from a to b and begins anew; its volume stays")
    assert said("a", "a", peers=False, disposable=True) == {0: []}
