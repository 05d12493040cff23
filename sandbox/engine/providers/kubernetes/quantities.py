"""Kubernetes quantities in the canonical form in which the real provider records them: `1Gi` for `1024Mi`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from sandbox.engine.values import UNKNOWN, Path, Secret, Value

_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|)")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
_UNIT = 3  # The place of "" in _DECIMAL.
_MAPS = frozenset({"limits", "requests", "capacity", "hard"})
_FIELDS = frozenset({"sizeLimit", "averageValue", "divisor"})


def canonical(text: str) -> str:
    """`text` as the API server writes it; unchanged where it is not a quantity or has a decimal exponent."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return text
    number, suffix = match.groups()
    if suffix in _BINARY[1:]:
        value = Fraction(number) * 1024 ** _BINARY.index(suffix)
        if abs(value) >= 1024 and value.denominator == 1:
            return _shortest(int(value), 1024, _BINARY)
        return _decimal(value)
    return _decimal(Fraction(number) * Fraction(1000) ** (_DECIMAL.index(suffix) - _UNIT))


def _decimal(value: Fraction) -> str:
    nano = value * 10**9
    # Finer than a billionth is rounded up, as the API server does.
    return _shortest(-(-nano.numerator // nano.denominator), 1000, _DECIMAL)


def _shortest(amount: int, base: int, suffixes: tuple[str, ...]) -> str:
    if amount == 0:
        return "0"
    step = 0
    while amount % base == 0 and step < len(suffixes) - 1:
        amount //= base
        step += 1
    return f"{amount}{suffixes[step]}"


def normalized(value: Value, path: Path = ()) -> Value:
    """A deep copy of an object with each quantity in canonical form."""
    if isinstance(value, Secret):
        return Secret(normalized(value.value, path))
    if isinstance(value, dict):
        return {key: normalized(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [normalized(item, path) for item in value]
    return _text(value) if _is_quantity(path) else value


def _is_quantity(path: Path) -> bool:
    return bool(path) and (path[-1] in _FIELDS or (len(path) > 1 and path[-2] in _MAPS))


def _text(value: Any) -> Any:
    if value is UNKNOWN or value is None or isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    return canonical(str(value))
