"""Times by the clock, as cron writes them: five fields, in UTC. It also runs in images: the standard library alone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_DAYS = 366 * 8 + 2
"""From one 29 February to the next, at most."""
_RUNS = 400
"""Runs that are looked at for the shortest time between two."""


class Cron(NamedTuple):
    """The numbers that each field takes; Sunday is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Days of the month and of the week are both limited: then one of the two is enough."""

    def last(self, now: float) -> float | None:
        """The latest time that is not after `now`, in seconds since 1970; None: there is none within eight years."""
        moment = datetime.fromtimestamp(now, UTC)
        for day in range(_DAYS):
            found = [at for at in self._on(moment.date() - timedelta(days=day)) if at <= moment]
            if found:
                return found[-1].timestamp()
        return None

    def following(self, now: float) -> float | None:
        """The earliest time after `now`."""
        moment = datetime.fromtimestamp(now, UTC)
        for day in range(_DAYS):
            for at in self._on(moment.date() + timedelta(days=day)):
                if at > moment:
                    return at.timestamp()
        return None

    def shortest(self) -> float:
        """The shortest time between two of many runs, in seconds. Raises ValueError where it never comes."""
        return min(self._gaps())

    def longest(self) -> float:
        """The longest one."""
        return max(self._gaps())

    def _gaps(self) -> list[float]:
        at = self.following(0.0)
        if at is None:
            raise ValueError("no day of any year has this date")
        gaps = []
        for _ in range(_RUNS):
            then = self.following(at)
            assert then is not None, "what came once comes again"
            gaps.append(then - at)
            at = then
        return gaps

    def _on(self, day: date) -> Iterator[datetime]:
        month_day, weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if day.month in self.months and (month_day or weekday if self.either else month_day and weekday):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def parse(text: str) -> Cron:
    """Raises ValueError for what is no such time."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError("a time by the clock has five fields: minute, hour, day of the month, month, day of the week")
    minutes, hours, days, months, weekdays = (
        _numbers(part, *field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)


def _numbers(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        first, dash, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (_number(first, name), _number(last if dash else first, name))
        if slash and not dash and span != "*":
            end = high
        step = _number(step_text, name) if slash else 1
        if not low <= begin <= end <= high or step < 1:
            raise ValueError(f"the {name} is `*`, or numbers from {low} to {high}: `1,3`, `1-5`, `*/2`")
        found |= {*range(begin, end + 1, step)}
    return frozenset(found)


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"the {name} is written in numbers, and `{text}` is none")
    return int(text)
