"""Hours at which there are more replicas than the least."""

from __future__ import annotations

from typing import Any, NamedTuple

from .clock import Clock, parse


class Window(NamedTuple):
    """From each start to the next end, at `least` so many."""

    starts: Clock
    ends: Clock
    least: int

    def open(self, now: float) -> bool:
        """Whether an end comes before the next start, as KEDA reads such times."""
        start, end = self.starts.following(now), self.ends.following(now)
        return end is not None and (start is None or end <= start)


def windows(told: list[dict[str, Any]]) -> tuple[Window, ...]:
    """As they are configured. Raises ValueError for a zone of which the image has no data."""
    return tuple(
        Window(parse(one["starts"], one["zone"]), parse(one["ends"], one["zone"]), int(one["least"])) for one in told
    )


def least(always: int, found: tuple[Window, ...], now: float) -> int:
    """The most that is asked for at this time, in seconds since 1970."""
    return max([always, *(one.least for one in found if one.open(now))])
