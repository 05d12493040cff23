"""PostgreSQL's parameters: those of a major version, and what the text of a value becomes.

The tables are what real servers say (`python -m tests.rendered.parameter_table`): name, context, type, unit, least and
largest value, choices.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent

_NUMBER = re.compile(r"(?P<number>-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?) *(?P<unit>[A-Za-z]*)")
_BYTES = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40, "8kB": 2**13}
_MICROSECONDS = {"us": 1, "ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6}
_ON_OFF = {"on": "on", "true": "on", "yes": "on", "1": "on", "off": "off", "false": "off", "no": "off", "0": "off"}
NARROWER: Mapping[str, tuple[int | None, int | None, str]] = {
    "max_wal_senders": (5, None, "the replicas and those that clone need them"),
    "max_replication_slots": (5, None, "the replicas need them"),
    "max_locks_per_transaction": (32, None, "Patroni takes no less"),
    "max_worker_processes": (2, None, "Patroni takes no less"),
    "max_wal_size": (32, None, "two files of the log, 16 MB each"),
    "min_wal_size": (32, None, "two files of the log, 16 MB each"),
    "wal_keep_size": (16, None, "Patroni takes no less"),
    "max_stack_depth": (None, 7680, "a process has 8 MB, and the server keeps 512 kB of it"),
}
"""Less than PostgreSQL takes itself. In the place of what it does not take Patroni puts its default and logs it."""


@dataclass(frozen=True)
class Parameter:
    """One parameter as `pg_settings` shows it."""

    name: str
    context: str
    type: str
    unit: str
    least: str
    most: str
    choices: tuple[str, ...]

    def value(self, text: str) -> int | str:
        """What `pg_settings.setting` shows when the server has read `text`. Raises ValueError."""
        match self.type:
            case "bool":
                return _choice(text, _ON_OFF, "`on` or `off`")
            case "enum":
                known = {choice.lower(): choice for choice in self.choices}
                return _choice(text, known, f"one of {', '.join(self.choices)}")
            case "integer":
                return int(self._in_range(self._number(text).to_integral_value()))
            case "real":
                return _real(self._in_range(self._number(text)))
            case _:
                return text

    def _number(self, text: str) -> Decimal:
        match = _NUMBER.fullmatch(text)
        units = _BYTES if self.unit in _BYTES else _MICROSECONDS if self.unit else {}
        if not match or (match["unit"] and (match["unit"] not in units or match["unit"] == "8kB")):
            written = ", ".join(unit for unit in units if unit != "8kB")
            raise ValueError(f"must be a number{f', or one with a unit: {written}' if written else ''}")
        number = Decimal(match["number"])
        if match["unit"]:
            return number * units[match["unit"]] / units[self.unit]
        if self.type == "integer" and number != number.to_integral_value():
            raise ValueError("must be a whole number")
        return number

    def _in_range(self, number: Decimal) -> Decimal:
        low, high, why = NARROWER.get(self.name, (None, None, ""))
        least, most = low or self.least, high or self.most
        if not Decimal(least) <= number <= Decimal(most):
            unit = f" ({self.unit})" if self.unit else ""
            raise ValueError(f"must be {least} to {most}{unit}{f': {why}' if why else ''}")
        return number


def _real(number: Decimal) -> str:
    """As the server shows it: six digits. It takes none that is between 0 and the least number with all its digits."""
    shown = f"{float(number):g}"
    if number and abs(float(shown)) < sys.float_info.min:
        raise ValueError("must be 0, or further from 0 than 2.3e-308")
    return shown


def _choice(text: str, known: Mapping[str, str], words: str) -> str:
    if text.lower() not in known:
        raise ValueError(f"must be {words}")
    return known[text.lower()]


@cache
def parameters(major: int) -> Mapping[str, Parameter]:
    """Those of PostgreSQL `major` by name; empty where no table of that version is here."""
    path = TABLES / f"{major}.tsv"
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        *columns, choices = line.split("\t")
        name, context, kind, unit, least, most = columns
        found[name] = Parameter(name, context, kind, unit, least, most, tuple(choices.split(",")) if choices else ())
    return found


def shared_buffers_bytes(text: str | None) -> int | None:
    """The size of `shared_buffers`; None if it is not given, or no size."""
    pages = whole("shared_buffers", text)
    return None if pages is None else pages * _BYTES["8kB"]


def whole(name: str, text: str | None) -> int | None:
    """A number in the server's own unit that every version reads alike; None if it is not given, or refused."""
    try:
        return None if text is None else int(value_of(name, text, majors()[-1]))
    except ValueError:
        return None


def majors() -> tuple[int, ...]:
    """The versions whose parameters are known."""
    return tuple(sorted(int(path.stem) for path in TABLES.glob("*.tsv")))


def value_of(name: str, text: str, major: int) -> int | str:
    """What the parameter is set to. An extension's (`a.b`) is known to its library alone: it stays as it is written."""
    return text if "." in name else parameters(major)[name].value(text)
