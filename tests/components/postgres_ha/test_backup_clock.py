"""Times by the clock: what they mean, and what is due at a moment."""

from datetime import UTC, datetime

import pytest

from components.postgres_ha.files.backup_clock import parse


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "now", "last", "following"),
    [
        ("0 2 * * 0", "2026-01-31 10:00", "2026-01-25 02:00", "2026-02-01 02:00"),
        ("0 2 * * 7", "2026-02-01 02:00", "2026-02-01 02:00", "2026-02-08 02:00"),
        ("30 */6 * * 1-6", "2026-01-26 00:10", "2026-01-24 18:30", "2026-01-26 00:30"),
        ("0 0 29 2 *", "2027-01-01 00:00", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 1 * 1", "2026-01-31 10:00", "2026-01-26 00:00", "2026-02-01 00:00"),  # one of the two days is enough
        ("5,35 4/8 * * *", "2026-01-31 12:10", "2026-01-31 12:05", "2026-01-31 12:35"),
    ],
)
def test_what_was_due_and_what_comes(text: str, now: str, last: str, following: str) -> None:
    clock = parse(text)
    assert clock.last(at(now)) == at(last)
    assert clock.following(at(now)) == at(following)


@pytest.mark.parametrize(
    ("text", "hours"), [("0 2 * * 0", 168), ("0 2 * * 1-6", 24), ("0,30 * * * *", 0.5), ("0 2 1 * *", 28 * 24)]
)
def test_the_shortest_time_between_two(text: str, hours: float) -> None:
    assert parse(text).shortest() == hours * 3600


def test_the_longest_time_between_two() -> None:
    assert parse("0 2 * * 1-6").longest() == 48 * 3600
    assert parse("0 6 1 * *").longest() == 31 * 24 * 3600
