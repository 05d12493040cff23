"""Property values as the engine and its providers see them.

A property is `None`, a bool, int, float, str, a list or a dict with string keys; `Secret` wraps a value that is never
shown and is encrypted at rest; `UNKNOWN` stands for a value that is known only after an update.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Value = Any
Properties = dict[str, Any]
Path = tuple[str | int, ...]
ChangeKind = Literal["add", "update", "delete"]

# Bookkeeping of bridged providers inside an input object: never a difference the user made.
_IGNORED_KEYS = frozenset({"__defaults"})


class Unknown:
    """The type of `UNKNOWN`. Compare with `is`: two unknown values are never equal."""

    def __repr__(self) -> str:
        return "<unknown>"

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that is never shown. `value` holds no further `Secret` at its top."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def secret(value: Value) -> Secret:
    """`value` as a secret; a secret stays as it is."""
    return value if isinstance(value, Secret) else Secret(value)


def plain(value: Value, unknown: Any = UNKNOWN) -> Value:
    """A deep copy of `value` without `Secret` wrappers, each `UNKNOWN` replaced by `unknown`."""
    if isinstance(value, Secret):
        return plain(value.value, unknown)
    if value is UNKNOWN:
        return unknown
    if isinstance(value, dict):
        return {key: plain(item, unknown) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, unknown) for item in value]
    return value


def _walk(value: Value) -> Iterator[Value]:
    yield value
    if isinstance(value, Secret):
        yield from _walk(value.value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _walk(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _walk(item)


def has_unknown(value: Value) -> bool:
    """Whether `UNKNOWN` occurs anywhere in `value`."""
    return any(item is UNKNOWN for item in _walk(value))


def has_secret(value: Value) -> bool:
    """Whether a `Secret` occurs anywhere in `value`."""
    return any(isinstance(item, Secret) for item in _walk(value))


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs. `replace` says that only a new object can have the new value."""

    kind: ChangeKind
    old: Any
    new: Any
    replace: bool = False


def diff(old: Value, new: Value) -> dict[Path, Change]:
    """What must change to come from `old` to `new`, by path; empty when nothing does.

    `None` equals an absent key. Lists of equal length are compared item by item, others as a whole. A change that only
    adds or removes secrecy is not a change; a change below a secret carries its values as secrets.
    """
    changes: dict[Path, Change] = {}
    _diff(old, new, (), False, changes)
    return changes


def _diff(old: Value, new: Value, path: Path, hidden: bool, out: dict[Path, Change]) -> None:
    if isinstance(old, Secret) or isinstance(new, Secret):
        hidden = True
        old = old.value if isinstance(old, Secret) else old
        new = new.value if isinstance(new, Secret) else new
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in _IGNORED_KEYS:
                _diff(old.get(key), new.get(key), (*path, key), hidden, out)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            _diff(before, after, (*path, index), hidden, out)
    elif new is UNKNOWN or not _equal(old, new):
        kind: ChangeKind = "add" if old is None else "delete" if new is None else "update"
        hide = secret if hidden else (lambda value: value)
        out[path] = Change(kind, None if old is None else hide(old), None if new is None else hide(new))


def _equal(old: Value, new: Value) -> bool:
    # True == 1 in Python, but not in a property.
    if isinstance(old, bool) is not isinstance(new, bool):
        return False
    if isinstance(old, (list, dict)) and isinstance(new, (list, dict)):
        return not has_unknown(new) and bool(plain(old) == plain(new))
    return bool(old == new)


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.\[\]"]+)')


def format_path(path: Path) -> str:
    """A path as the Pulumi CLI writes it: `spec.ports[0]["a.b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _NAME.fullmatch(part):
            text += f".{part}" if text else part
        elif part == "*":
            text += "[*]"
        else:
            text += f"[{json.dumps(part)}]"
    return text


def parse_path(text: str) -> Path:
    """The inverse of `format_path`; `*` matches any key or index. Raises ValueError where `text` is not a path."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is not a property path (at character {position + 1})")
        quoted, index, name = match.groups()
        if quoted is not None:
            parts.append(str(json.loads(f'"{quoted}"')))
        elif index is not None:
            parts.append(index if index == "*" else int(index))
        else:
            parts.append(name)
        position = match.end()
    return tuple(parts)


def path_covers(pattern: Path, path: Path) -> bool:
    """Whether `path` is `pattern` or lies below it."""
    return len(pattern) <= len(path) and all(
        want == "*" or want == got for want, got in zip(pattern, path, strict=False)
    )
