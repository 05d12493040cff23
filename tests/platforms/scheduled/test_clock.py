"""Times by the clock in a zone: what they mean, also on days that are shorter or longer than others."""

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from model.clock import Clock, parse

HOUR = 3600


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def runs(clock: Clock, after: float, count: int) -> list[float]:
    found = []
    for _ in range(count):
        following = clock.following(after)
        assert following is not None
        found.append(after := following)
    return found


@pytest.mark.parametrize(
    ("text", "now", "last", "following"),
    [
        ("0 2 * * 0", "2026-01-31 10:00", "2026-01-25 02:00", "2026-02-01 02:00"),
        ("30 */6 * * 1-6", "2026-01-26 00:10", "2026-01-24 18:30", "2026-01-26 00:30"),
        ("0 0 29 2 *", "2027-01-01 00:00", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("5,35 4/8 * * *", "2026-01-31 12:10", "2026-01-31 12:05", "2026-01-31 12:35"),
        ("59 23 31 12 *", "2026-12-31 23:59", "2026-12-31 23:59", "2027-12-31 23:59"),
        # Two fields of days: one is enough where both are limited, and `*/2` is a limit, `*/1` none.
        ("0 0 1 * 1", "2026-01-31 10:00", "2026-01-26 00:00", "2026-02-01 00:00"),
        ("0 0 */2 * 1", "2026-01-31 10:00", "2026-01-31 00:00", "2026-02-01 00:00"),
        ("0 0 */1 * 1", "2026-01-31 10:00", "2026-01-26 00:00", "2026-02-02 00:00"),
    ],
)
def test_what_was_due_and_what_comes(text: str, now: str, last: str, following: str) -> None:
    clock = parse(text)
    assert clock.last(at(now)) == at(last)
    assert clock.following(at(now)) == at(following)


def test_times_are_those_of_the_zone() -> None:
    clock = parse("0 3 * * *", "Asia/Kolkata")
    assert clock.following(at("2026-05-01 00:00")) == at("2026-05-02 03:00", "Asia/Kolkata")
    assert clock.last(at("2026-05-01 00:00")) == at("2026-05-01 03:00", "Asia/Kolkata")


def test_a_time_that_a_day_does_not_have_is_left_out() -> None:
    clock = parse("30 2 * * *", "Europe/Berlin")  # the clock goes from 2 to 3 on 29 March
    first, second = runs(clock, at("2026-03-28 00:00", "Europe/Berlin"), 2)
    assert (first, second) == (at("2026-03-28 02:30", "Europe/Berlin"), at("2026-03-30 02:30", "Europe/Berlin"))
    assert clock.last(at("2026-03-29 12:00")) == first


def test_a_time_that_a_day_has_twice_is_due_twice() -> None:
    clock = parse("30 2 * * *", "Europe/Berlin")  # the clock goes from 3 to 2 on 25 October
    first, second, third = runs(clock, at("2026-10-25 00:00", "Europe/Berlin"), 3)
    assert (second - first, third - second) == (HOUR, 24 * HOUR)
    assert clock.last(second) == second
    assert clock.last(second - 1) == first


def test_every_hour_is_every_hour_whatever_the_zone_does() -> None:
    clock = parse("0 * * * *", "Europe/Berlin")
    for day in ("2026-03-28 12:00", "2026-10-24 12:00"):
        found = runs(clock, at(day), 30)
        assert {later - before for before, later in itertools.pairwise(found)} == {HOUR}


@pytest.mark.parametrize(
    ("text", "zone", "seconds"),
    [
        ("*/5 * * * *", "UTC", 300),
        ("0 2 * * *", "UTC", 24 * HOUR),
        ("0 2 * * *", "Europe/Berlin", HOUR),
        ("0 4 * * *", "Europe/Berlin", 23 * HOUR),
        ("0,30 * * * *", "UTC", HOUR // 2),
        ("0 2 1 * *", "UTC", 28 * 24 * HOUR),
        ("0 4 * * 0,1", "America/New_York", 24 * HOUR),
        ("0 0 29 2 *", "UTC", 4 * 365 * 24 * HOUR + 24 * HOUR),
    ],
)
def test_the_shortest_time_between_two_runs(text: str, zone: str, seconds: int) -> None:
    assert parse(text, zone).shortest() == seconds


def test_the_longest_time_between_two_runs() -> None:
    assert parse("0 2 * * 1-6").longest() == 48 * HOUR
    assert parse("0 6 1 * *").longest() == 31 * 24 * HOUR
    assert parse("0 2 * * *", "Europe/Berlin").longest() == 47 * HOUR, "over the day without it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 2 * *", "five fields"),
        ("@daily", "five fields"),
        ("60 2 * * *", "the minute is"),
        ("0 24 * * *", "the hour is"),
        ("0 0 0 * *", "the day of the month is"),
        ("0 0 * jan *", "`jan` is none"),
        ("0 0 * * 7", "from 0 to 6"),  # Kubernetes takes no 7 for Sunday
        ("5-1 0 * * *", "the minute is"),
        ("*/0 0 * * *", "the minute is"),
        ("-1 0 * * *", "is none"),
    ],
)
def test_what_is_no_time(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "Europe"])
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="is not known here"):
        parse("0 0 * * *", zone)


def test_a_day_that_never_comes() -> None:
    with pytest.raises(ValueError, match="no day of any year"):
        parse("0 0 31 2,4 *").shortest()
