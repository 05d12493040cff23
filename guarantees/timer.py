"""A time that an outage is made of, and where its number comes from."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timer:
    """At most so many milliseconds. `source` is where the number comes from; `setting` the key below the component that
    changes it (empty: none does)."""

    name: str
    millis: int
    source: str
    setting: str = ""

    def __str__(self) -> str:
        return f"{self.name} {seconds_text(self.millis)}"


def total(timers: Iterable[Timer]) -> int:
    """Milliseconds, one after the other."""
    return sum(timer.millis for timer in timers)


def seconds_text(millis: int) -> str:
    """`3.5`, `30`: seconds as people compare them."""
    return f"{millis / 1000:g}"
