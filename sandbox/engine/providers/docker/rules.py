"""What values the docker provider takes: each rule answers what is wrong, or None."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def nanoseconds(value: str | None) -> int:
    """A Go duration in nanoseconds; 0 for none. Raises ValueError where `value` is not a duration."""
    if not value or value == "0":
        return 0
    parts = _PART.findall(value)
    if "".join(amount + unit for amount, unit in parts) != value:
        raise ValueError(f"{value!r} is not a duration")
    return sum(int(float(amount) * _UNITS[unit]) for amount, unit in parts)


def duration_text(value: int | None) -> str:
    """Nanoseconds as the provider writes them: `1m30s`, `500ms`, `1h`."""
    rest = value or 0
    if 0 < rest < 10**9:
        for unit in ("ms", "us", "ns"):
            if rest % _UNITS[unit] == 0:
                return f"{rest // _UNITS[unit]}{unit}"
    hours, rest = divmod(rest, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    text = f"{hours}h" if hours else ""
    if minutes:
        text += f"{minutes}m"
    if rest or not text:
        text += f"{rest / 10**9:.9f}".rstrip("0").rstrip(".") + "s"
    return text


def duration(value: Any) -> str | None:
    try:
        nanoseconds(value)
    except ValueError:
        return "must be a duration such as 500ms, 10s or 1m30s"
    return None


def not_negative(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return "must be a whole number, 0 or more"
    return None


def ratio(value: Any) -> str | None:
    try:
        inside = 0.0 <= float(value) <= 1.0
    except ValueError:
        inside = False
    return None if inside else "must be a number from 0.0 to 1.0, as a string"


def base64_text(value: Any) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "must be base64"
    return None


def one_of(*values: str) -> Callable[[Any], str | None]:
    def rule(value: Any) -> str | None:
        return None if value in values else f"must be one of {', '.join(values)}"

    return rule
