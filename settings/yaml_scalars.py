"""What a plain (unquoted) YAML text means to the Pulumi CLI, by the rules of its library gopkg.in/yaml.v3 (`resolve`).

That is YAML 1.2's core schema with some of 1.1: `on`, `yes` and `1:30` are texts, `010` and `0o10` are 8, `08` is 8
(a decimal fraction without a point), `1_000` is 1000. A number then goes through Go's JSON: `1e3` and `1000.0` arrive
as the integer 1000.
"""

import re
from decimal import Decimal

Plain = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SIGN = r"(?P<sign>[-+]?)"
_INTEGERS = (
    (re.compile(_SIGN + r"0[xX](?P<digits>[0-9a-fA-F]+)"), 16),
    (re.compile(_SIGN + r"0[bB](?P<digits>[01]+)"), 2),
    (re.compile(_SIGN + r"0[oO]?(?P<digits>[0-7]+)"), 8),
    (re.compile(_SIGN + r"(?P<digits>0|[1-9][0-9]*)"), 10),
    (re.compile(r"0b(?P<sign>[-+])(?P<digits>[01]+)"), 2),
    (re.compile(r"0o(?P<sign>[-+])(?P<digits>[0-7]+)"), 8),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]+)?(Z|[-+]\d\d:\d\d)?)?"
)
_LARGEST = 2**63
_SHOWN_IN_FULL = 10**21
"""Go's JSON writes a number with an exponent from here on, and Python's then reads a float."""


class Ambiguous(ValueError):
    """A plain text that does not arrive as it is written."""


def plain_value(text: str) -> Plain:
    """The value of a plain text. Raises Ambiguous for dates, numbers that no integer holds, and infinities."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "0123456789+-.":
        return text
    if _NO_NUMBER.fullmatch(text):
        raise Ambiguous("is a number that configurations cannot hold")
    if _DATE.fullmatch(text):
        raise Ambiguous("is a date in YAML, which arrives in another form")
    if text[0] == ".":
        return _decimal(text.replace("_", ""), text) if _POINT_FIRST.fullmatch(text) else text
    digits = text.replace("_", "")
    for pattern, base in _INTEGERS:
        if match := pattern.fullmatch(digits):
            return _integer(int(match["sign"] + match["digits"], base))
    return _decimal(digits, text) if _FLOAT.fullmatch(digits) else text


def _integer(value: int) -> int:
    if not -_LARGEST <= value < _LARGEST:
        raise Ambiguous("is a number beyond 64 bits, which arrives rounded")
    return value


def _decimal(digits: str, text: str) -> int | float | str:
    value = float(digits)
    if abs(value) == float("inf"):
        return text  # too large for a float: a text
    exact = Decimal(repr(value))
    return int(exact) if exact == exact.to_integral_value() and abs(exact) < _SHOWN_IN_FULL else value
