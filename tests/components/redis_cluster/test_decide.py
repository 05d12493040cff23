"""What a member decides by what its server knows: the program of `watch.sh`, without servers."""

import re
import subprocess

import pytest

from tests.stacks.fixtures import REPOSITORY

NOW = 1_800_000_000
FILES = REPOSITORY / "components/redis_cluster/files"
DECIDE = re.search(r"^decide\(\) \{.*?^\}", (FILES / "watch.sh").read_text(), re.DOTALL | re.MULTILINE)


def orders(seen: list[str], *, me: str = "b1", since: str = "", source: str = "") -> set[str]:
    """Of the second member of shard b, if nothing else is said: `a0 a1` is the shard before. `source`: it would copy
    from there, and cannot."""
    assert DECIDE is not None
    done = subprocess.run(
        ["sh", "-euc", f"date() {{ echo {NOW}; }}\nsince={since} source={source}\n{DECIDE.group()}\ndecide"],
        env={
            "PATH": "/usr/bin:/bin",
            "HA_HOST": me,
            "HA_HOME": "b0",
            "HA_SHARD": "b0 b1",
            "HA_PEERS": "a0 a1 b0 b1",
            "HA_TIMEOUT_SECONDS": "5",
        },
        input="\n".join(seen) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines())


def line(
    host: str,
    flags: str,
    slots: int = 0,
    *,
    follows: str = "-",
    name: str = "",
    ago: int = 0,
    link: str = "connected",
    moving: int = 0,
) -> str:
    """As `view` says it; ids are `id-<host>`, and addresses `at-<host>`."""
    return f"{name or f'id-{host}'} {host} {flags} {follows} {NOW - ago} {link} {slots} {moving} at-{host}"


A = [line("a0", "master", 8192), line("a1", "slave", follows="id-a0")]
B0 = line("b0", "master", 8192)
B1 = line("b1", "myself,slave", follows="id-b0")
NEW = line("b1", "myself,master")


def test_a_member_in_its_place_does_nothing() -> None:
    assert orders([*A, B0, B1]) == set()


@pytest.mark.parametrize(
    "away",
    [
        line("a1", "slave", follows="id-a0", link="disconnected"),
        line("a1", "slave,fail", follows="id-a0"),
        line("a1", "slave,fail?", follows="id-a0"),
        line("a1", "slave", follows="id-a0", ago=10),
        line("-", "handshake", name="other"),
    ],
    ids=["disconnected", "lost", "missed", "silent", "handshake"],
)
def test_who_is_not_heard_is_looked_up(away: str) -> None:
    assert orders([A[0], away, B0, B1]) == {"meet a1"}


def test_a_later_shard_is_known_by_what_others_say() -> None:
    assert orders([*A, B0, B1, line("c0", "master", 0, link="disconnected")]) == {"meet c0"}


def test_at_the_first_start_members_follow_their_home_and_the_home_waits_for_slots() -> None:
    others = [line("a0", "master"), line("a1", "slave", follows="id-a0")]
    assert orders([*others, line("b0", "master"), NEW]) == {"follow id-b0"}
    assert orders([*others, line("b0", "myself,master"), line("b1", "master")], me="b0") == set()


def test_a_member_without_slots_follows_who_leads_its_shard_wherever_that_is() -> None:
    assert orders([*A, line("b0", "myself,master"), line("b1", "master", 8192)], me="b0") == {"follow id-b1"}
    assert orders([*A, B0, line("b1", "myself,slave", follows="id-a0")]) == {"follow id-b0"}


def test_a_replica_that_copies_from_where_its_leader_was_follows_it_again() -> None:
    assert orders([*A, B0, B1], source="at-b0") == set(), "it is there, and may load"
    assert orders([*A, B0, B1], source="elsewhere") == {"follow id-b0"}
    assert orders([*A, line("b0", "master", 8192, link="disconnected"), B1], source="elsewhere") == {"meet b0"}
    leads = [*A, line("b0", "myself,master", 8192), line("b1", "slave", follows="id-b0")]
    assert orders(leads, me="b0", source="elsewhere") == set()


def test_nobody_follows_a_home_while_a_lost_leader_has_the_slots() -> None:
    """Its keys would be given up."""
    lost = line("b0", "master,fail", 8192, name="old", link="disconnected")
    assert orders([*A, lost, line("b0", "master"), NEW]) == set()


def test_who_has_lost_its_volume_is_forgotten_when_it_leads_nothing() -> None:
    old = line("b0", "master,fail", 0, name="old", link="disconnected")
    assert orders([*A, old, B0, B1]) == {"forget old"}
    assert orders([*A, line("-", "slave,fail", name="old", link="disconnected"), B0, B1]) == {"forget old"}
    leading = line("b0", "master,fail", 100, name="old", link="disconnected")
    assert orders([*A, leading, B0, B1]) == set()


def test_a_member_that_is_only_away_is_not_forgotten() -> None:
    assert orders([A[0], line("a1", "slave,fail", link="disconnected"), B0, B1]) == {"meet a1"}


def test_a_replica_takes_over_from_a_leader_whose_host_answers_as_another() -> None:
    gone = line("b0", "master,noaddr", 8192, name="old", link="disconnected")
    follower = line("b1", "myself,slave", follows="old")
    assert orders([*A, gone, line("b0", "master"), follower]) == {"take"}
    away = line("b0", "master,fail", 8192, name="old", link="disconnected")
    assert orders([*A, away, line("b0", "master"), follower]) == set(), "the others vote"


def test_a_home_that_follows_is_well_while_all_of_its_shard_is_there() -> None:
    follower, leader = line("b0", "myself,slave", follows="id-b1"), line("b1", "master", 8192)
    assert orders([*A, follower, leader], me="b0") == {"well b1"}
    assert orders([*A, follower, line("b1", "master", 8192, ago=30)], me="b0") == {"meet b1"}


def test_what_moves_is_not_disturbed() -> None:
    assert orders([*A, line("b0", "master", 8192), line("b1", "myself,master", 0, moving=1)]) == set()


@pytest.mark.parametrize(
    ("heard", "told"), [(("a", "b", "c"), {"write"}), (("a", "b"), {"write"}), (("a",), set()), ((), set())]
)
def test_writes_are_held_until_most_leaders_were_heard_since_the_start(heard: str, told: set[str]) -> None:
    leaders = [
        line(f"{shard}0", "master", 5461, ago=1 if shard in heard else 3, name=f"id-{shard}0") for shard in "abc"
    ]
    seen = [*leaders, A[1], line("b1", "myself,slave", follows="id-b0")]
    assert orders(seen, since=str(NOW - 2)) == told
