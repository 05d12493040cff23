"""Which backup a restore begins with, where earlier restores left branches of the log."""

import pytest

from components.postgres_ha.files.backup_history import leading
from components.postgres_ha.files.backup_repository import Backup, Failed, parsed, position

TWO = "1\t0/5000000\tbefore 2026-01-31 10:12:00+00\n"
THREE = "1\t0/8000000\tno recovery target specified\n\n"
HISTORIES = {2: parsed(TWO), 3: parsed(THREE)}
"""A restore went back to 0/5 and began timeline 2; it was undone, and 3 goes on from 1 at 0/8."""


def backup(label: str, timeline: int, at: str, ended: int) -> Backup:
    return Backup(
        label=label, kind="full", repository="offsite", began=ended - 1, ended=ended, bytes=1, size=1,
        timeline=timeline, position=position(at),
    )  # fmt: skip


FIRST = backup("first", 1, "0/3000000", 100)
LATER = backup("later", 1, "0/7000000", 200)
LEFT = backup("left", 2, "0/6000000", 300)
BACKUPS = [FIRST, LATER, LEFT]


def test_a_history_is_read() -> None:
    assert HISTORIES == {2: {1: 0x5000000}, 3: {1: 0x8000000}}
    assert position("16/B374D848") == 0x16B374D848


def test_the_end_of_the_archive_is_on_the_newest_timeline() -> None:
    """Not with the newest backup: that one is of a branch that was left."""
    assert leading(BACKUPS, HISTORIES) == ("later", 3)
    assert leading([*BACKUPS, backup("new", 3, "0/9000000", 400)], HISTORIES) == ("new", 3)


def test_a_branch_begins_before_what_it_left() -> None:
    assert leading(BACKUPS, HISTORIES, timeline=2) == ("left", 2)
    assert leading([FIRST, LATER], HISTORIES, timeline=2) == ("first", 2), "`later` ended after timeline 2 had begun"


def test_it_had_ended_by_then() -> None:
    assert leading(BACKUPS, HISTORIES, time="1970-01-01 00:02:30.5+00") == ("first", 3)
    assert leading(BACKUPS, HISTORIES, timeline=1, time="1970-01-01 00:03:20+00") == ("later", 1)


def test_nothing_leads_there() -> None:
    with pytest.raises(Failed, match=r"no backup leads to timeline 3 until .*: there are first on timeline 1"):
        leading([FIRST], HISTORIES, time="1970-01-01 00:00:01+00")
    with pytest.raises(Failed, match="there are none"):
        leading([], {})


def test_before_any_restore() -> None:
    assert leading([FIRST, LATER], {}) == ("later", 1)
