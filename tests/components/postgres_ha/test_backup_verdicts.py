"""When a backup should be verified, by what the repository says of those that it has."""

import pytest

from components.postgres_ha.files.backup_clock import parse
from components.postgres_ha.files.backup_repository import Backup, Repositories, _short
from components.postgres_ha.files.backup_verdicts import Verdict, due, failed_last

DAY = 24 * 3600
SUNDAYS = parse("0 0 * * 0")
"""Day 3 since 1970, and each seventh from there."""


def backup(ended: int, *, kind: str = "full", verified: int = 0, failed: str = "") -> Backup:
    return Backup(
        label=str(ended), kind=kind, repository="offsite", began=ended - 1, ended=ended, bytes=1, size=1,
        timeline=1, position=1, verified=verified, failed=failed,
    )  # fmt: skip


FIRST, SECOND = backup(1 * DAY), backup(8 * DAY)
PART = backup(9 * DAY, kind="incremental")
GOOD = FIRST._replace(verified=2 * DAY)
BROKEN = SECOND._replace(failed="a file is gone")


@pytest.mark.parametrize(
    ("backups", "since"),
    [
        ([], 0),
        ([FIRST], 1 * DAY),
        ([GOOD], 0),
        ([GOOD, PART], 0),
        ([GOOD, SECOND, PART], 8 * DAY),
        ([GOOD, SECOND, backup(15 * DAY)], 8 * DAY),
        ([GOOD, BROKEN], 8 * DAY),
        ([GOOD._replace(verified=9 * DAY), BROKEN], 0),
        ([GOOD._replace(verified=9 * DAY), BROKEN, backup(10 * DAY)], 10 * DAY),
    ],
)
def test_each_full_backup_is_verified(backups: list[Backup], since: int) -> None:
    assert due(backups, None, 20 * DAY) == since


@pytest.mark.parametrize(
    ("backups", "now", "since"),
    [
        ([], 20 * DAY, 0),
        ([FIRST], 2 * DAY, 1 * DAY),
        ([GOOD], 3 * DAY - 1, 0),
        ([GOOD], 3 * DAY, 3 * DAY),
        ([GOOD, SECOND], 9 * DAY, 3 * DAY),
        ([SECOND, PART._replace(verified=9 * DAY)], 10 * DAY - 1, 0),
        ([GOOD._replace(verified=9 * DAY), BROKEN], 9 * DAY + 1, 0),
        ([GOOD._replace(verified=9 * DAY), BROKEN, backup(9 * DAY + 5)], 9 * DAY + 9, 9 * DAY + 5),
        ([GOOD._replace(verified=9 * DAY), BROKEN], 10 * DAY, 10 * DAY),
    ],
)
def test_the_newest_is_verified_by_the_clock(backups: list[Backup], now: int, since: int) -> None:
    assert due(backups, SUNDAYS, now) == since


def test_the_newest_verdict_counts() -> None:
    assert failed_last([FIRST, BROKEN]) == "a file is gone"
    assert failed_last([BROKEN, backup(10 * DAY, verified=11 * DAY)]) == ""
    assert failed_last([FIRST]) == ""


def test_a_verdict_takes_away_the_one_before() -> None:
    told = {"repository": "offsite", "label": "x", "said": "", "broken": False, "at": 12.7, "seconds": 3.2}
    assert Verdict.of(told).notes() == {"verified": "13 3", "verify-failed": ""}
    failed = Verdict.of(told | {"said": "a file\n  is gone" + " x" * 500})
    assert failed.notes()["verified"] == ""
    assert failed.notes()["verify-failed"].startswith("13 state a file is gone x x")
    assert len(failed.notes()["verify-failed"]) <= 309


def test_a_reason_is_said_once() -> None:
    again = "".join(f" [FormatError] on retry after {millis}ms" for millis in (0, 15000))
    said = f"raised from local-1 protocol: lz4 error: [-18] X{again}"
    assert _short(said) == "lz4 error: [-18] X"
    assert _short("HTTP request failed with 403: *** Path ***: / <Message>no such key</Message>") == (
        "HTTP request failed with 403: no such key"
    )


@pytest.mark.parametrize(("broken", "kind"), [(True, "files"), (False, "state")])
def test_a_verdict_is_read_as_it_was_written(broken: bool, kind: str) -> None:
    told = {"repository": "offsite", "label": "x", "said": "a b c", "broken": broken, "at": 12, "seconds": 3}
    notes = Verdict.of(told).notes()
    assert notes["verify-failed"] == f"12 {kind} a b c"
    assert _read(notes) == (0, 0, "a b c", broken)
    assert _read({"verified": "13 3"}) == (13, 3, "", False)
    assert _read(None) == (0, 0, "", False)


def _read(notes: dict[str, str] | None) -> tuple[int, int, str, bool]:
    told = {
        "info": {"repository": {"delta": 1}, "size": 1},
        "label": "x",
        "type": "full",
        "database": {"repo-key": 1},
        "timestamp": {"start": 1, "stop": 2},
        "archive": {"stop": "000000010000000000000002"},
        "lsn": {"stop": "0/2000100"},
    }
    one = Repositories("main", ["offsite"])._backup(told | ({"annotation": notes} if notes else {}))
    return one.verified, one.restore_seconds, one.failed, one.broken
