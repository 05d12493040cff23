"""What the API answers of an object, written as the program wrote it, so that only drift shows."""

from __future__ import annotations

from sandbox.engine.providers.docker.changes import in_order
from sandbox.engine.providers.docker.checking import DEFAULTS, without_defaults
from sandbox.engine.providers.docker.fields import Field, Fields
from sandbox.engine.providers.docker.rules import duration, nanoseconds, ratio
from sandbox.engine.values import Properties, Secret, Value


def observed(fields: Fields, inputs: Properties, answered: Properties) -> Properties:
    """The fields of `inputs` with the values of `answered`: in the program's order, durations in the program's words,
    and without what the program did not set."""
    return {
        key: _value(fields[key], value, answered.get(key))
        for key, value in inputs.items()
        if key in fields and key != DEFAULTS and value is not None
    }


def _value(field: Field, wanted: Value, got: Value) -> Value:
    if isinstance(wanted, Secret):
        return Secret(_value(field, wanted.value, got.value if isinstance(got, Secret) else got))
    if field.kind == "block" and isinstance(wanted, dict) and isinstance(got, dict):
        return observed(field.fields, wanted, got)
    if field.kind == "blocks" and isinstance(wanted, list) and isinstance(got, list):
        return _items(field, wanted, got)
    if field.unordered:
        return in_order(field, wanted, got)
    return wanted if _alike(field, wanted, got) else got


def _items(field: Field, wanted: list[Value], got: list[Value]) -> list[Value]:
    """Each item of `got` cut down to the fields of the item it stands for; those that stand for none stay whole."""
    left = list(got)
    seen: list[Value] = []
    for item in wanted:
        cut = [observed(field.fields, item, other) for other in left]
        same = {key: value for key, value in without_defaults(item).items() if value is not None}
        index = cut.index(same) if same in cut else None
        if index is not None:
            seen.append(cut[index])
            left.pop(index)
    return seen + left


def _alike(field: Field, wanted: Value, got: Value) -> bool:
    if isinstance(wanted, str) and isinstance(got, str):
        if field.rule is duration:
            return nanoseconds(wanted) == nanoseconds(got)
        if field.rule is ratio:
            return float(wanted) == float(got)
    # An empty value is what the API leaves out.
    return not wanted and not got
