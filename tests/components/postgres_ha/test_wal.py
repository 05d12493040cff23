"""What the log may take of a volume, against sizes by hand; and what the replicas need."""

import json

import pytest

from components.postgres_ha import wal
from components.postgres_ha.parameters import majors, parameters
from tests.rendered.texts import PLATFORMS, accepted, text

GIB = 2**30


@pytest.mark.parametrize(
    ("volume", "until_checkpoint", "kept", "slots"),
    [
        pytest.param(GIB, "128MB", "64MB", "256MB", id="the least volume"),
        pytest.param(10 * GIB, "1024MB", "256MB", "2560MB", id="the default"),
        pytest.param(100 * GIB, "1024MB", "256MB", "25600MB", id="100Gi: PostgreSQL's own sizes, and a quarter"),
    ],
)
def test_the_defaults_follow_from_the_volume(volume: int, until_checkpoint: str, kept: str, slots: str) -> None:
    found = {"max_wal_size": until_checkpoint, "wal_keep_size": kept, "max_slot_wal_keep_size": slots}
    assert wal.sizes(volume) == found


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_they_are_applied_and_the_stack_file_s_own_come_first(platform: str) -> None:
    main = {"members": 1, "volume": "4Gi", "parameters": {"max_slot_wal_keep_size": "2GB"}}
    found = accepted({"platform": PLATFORMS[platform], "databases": {"main": main}}, secrets={})
    stored = json.loads(text(found, "main-pg-settings-wanted"))["configuration"]["postgresql"]["parameters"]
    assert [stored[name] for name in wal.sizes(1)] == ["512MB", "256MB", 2048]


@pytest.mark.parametrize("major", majors())
def test_a_running_server_takes_them_without_a_restart(major: int) -> None:
    assert {parameters(major)[name].context for name in wal.sizes(1)} == {"sighup"}


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 3), (3, 5), (5, 9)])
def test_each_replica_needs_two_and_one_is_for_a_person(members: int, needed: int) -> None:
    assert wal.needed(members) == needed
    for name in ("max_wal_senders", "max_replication_slots"):
        assert not [*wal.faults({name: needed}, volume=10 * GIB, members=members)]
        assert [one[0] for one in wal.faults({name: needed - 1}, volume=10 * GIB, members=members)] == [name]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, []),
        ({"max_slot_wal_keep_size": 6656}, []),
        ({"max_slot_wal_keep_size": 6657}, ["max_slot_wal_keep_size"]),
        ({"max_wal_size": 5120}, []),
        ({"max_wal_size": 5121}, ["max_wal_size"]),
        ({"max_wal_size": 4000, "wal_keep_size": 4000}, ["wal_keep_size"]),
        ({"max_slot_wal_keep_size": -1}, ["max_slot_wal_keep_size"]),
    ],
)
def test_the_log_takes_three_quarters_of_ten_gib_at_most(values: dict[str, int | str], named: list[str]) -> None:
    found = [*wal.faults(values, volume=10 * GIB, members=3)]
    assert [one[0] for one in found] == named
