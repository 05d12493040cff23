"""Times by the clock: five fields, as cron writes them, in a time zone. It also runs in images: the standard library
of Python 3.9 alone.

A minute is due when its local time matches. So a time that a day does not have (the clock goes forward) is not due on
that day, and one that a day has twice is due twice: Kubernetes reads its schedules so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

UTC = "UTC"
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 6))
_DAYS = 366 * 8 + 2
"""From one 29 February to the next, at most."""
_YEAR = 367
_FROM = date(2026, 1, 1)
"""Where runs are looked at for the shortest time between two: the zones' rules of today."""
_RUNS = 400


class Clock(NamedTuple):
    """The numbers that each field takes (Sunday is 0), and the zone of the times."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Days of the month and of the week are both limited: then one of the two is enough."""
    zone: tzinfo

    def last(self, now: float) -> float | None:
        """The latest time that is not after `now`, in seconds since 1970; None: there is none within eight years."""
        today = datetime.fromtimestamp(now, self.zone).date()
        for day in range(_DAYS):
            found = [at for at in self._on(today - timedelta(days=day)) if at <= now]
            if found:
                return found[-1]
        return None

    def following(self, now: float) -> float | None:
        """The earliest time after `now`."""
        today = datetime.fromtimestamp(now, self.zone).date()
        for day in range(_DAYS):
            for at in self._on(today + timedelta(days=day)):
                if at > now:
                    return at
        return None

    def shortest(self) -> float:
        """The shortest time between two runs, in seconds, also on days that are shorter or longer than others. Raises
        ValueError where no day has the time."""
        return min(self._gaps())

    def longest(self) -> float:
        """The longest one."""
        return max(self._gaps())

    def _gaps(self) -> list[float]:
        gaps = [*self._gaps_from(_FROM, _DAYS)]
        if not gaps:
            raise ValueError("no day of any year has this date")
        for day in self._odd_days():
            gaps += self._gaps_from(day - timedelta(days=1), 3)
        return gaps

    def _gaps_from(self, first: date, days: int) -> Iterator[float]:
        before, runs = None, 0
        for day in range(days):
            for at in self._on(first + timedelta(days=day)):
                if before is not None:
                    yield at - before
                before, runs = at, runs + 1
            if runs > _RUNS:
                return

    def _odd_days(self) -> Iterator[date]:
        """Of a year, those in which the zone's distance from UTC changes."""
        for number in range(_YEAR):
            day = _FROM + timedelta(days=number)
            begin, end = (datetime(each.year, each.month, each.day, tzinfo=self.zone) for each in (day, _next(day)))
            if begin.utcoffset() != end.utcoffset():
                yield day

    def _on(self, day: date) -> list[float]:
        month_day, weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if day.month not in self.months or not (month_day or weekday if self.either else month_day and weekday):
            return []
        found = set()
        for hour in self.hours:
            for minute in self.minutes:
                for fold in (0, 1):
                    local = datetime(day.year, day.month, day.day, hour, minute, fold=fold, tzinfo=self.zone)
                    at = local.timestamp()
                    if datetime.fromtimestamp(at, self.zone).replace(fold=fold) == local:
                        found.add(at)
        return sorted(found)


def parse(text: str, zone: str = UTC) -> Clock:
    """Raises ValueError for what is no such time, and for a zone that is not known here."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError("a time by the clock has five fields: minute, hour, day of the month, month, day of the week")
    minutes, hours, days, months, weekdays = (_numbers(parts[at], *field) for at, field in enumerate(_FIELDS))
    return Clock(minutes, hours, days, months, weekdays, not (_every(parts[2]) or _every(parts[4])), _zone(zone))


def _every(text: str) -> bool:
    """Whether a field of days is not limited, as Kubernetes reads it: `*/2` is."""
    return not {"*", "*/1"}.isdisjoint(text.split(","))


def _zone(name: str) -> tzinfo:
    if name == UTC:
        return timezone(timedelta())  # an image may have no data of time zones
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"the time zone {name} is not known here") from error


def _next(day: date) -> date:
    return day + timedelta(days=1)


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
