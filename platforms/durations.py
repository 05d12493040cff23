"""Durations as Go programs print them."""

import re

_PART = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


def go_duration(seconds: int) -> str:
    """`90` is `1m30s`, `300` is `5m`: the form in which Docker's API answers are read back, so that no refresh shows a
    difference."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours}h"] if hours else []
    if minutes or (hours and left):
        parts.append(f"{minutes}m")
    if left or not parts:
        parts.append(f"{left}s")
    return "".join(parts)


def seconds_of(text: str) -> int:
    """The seconds of what `go_duration` writes."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
