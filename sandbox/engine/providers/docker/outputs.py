"""What the real provider stores of a docker resource.

Blocks that the program wrote are stored as written plus zero values, never as the API answers them: the next preview of
the real provider compares with that, and a difference in a network or service means a replace.
"""

from __future__ import annotations

from sandbox.engine.providers.docker.checking import DEFAULTS, without_defaults
from sandbox.engine.providers.docker.fields import Field, Fields
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value


def outputs(fields: Fields, inputs: Properties, answered: Properties) -> Properties:
    """The outputs of an object: what the API `answered`, under what the program wrote."""
    stored = dict(answered)
    for key, value in inputs.items():
        if key in fields and value is not None:
            stored[key] = _stored(fields[key], value, answered.get(key))
    return stored


def expected(fields: Fields, inputs: Properties) -> Properties:
    """The outputs of an object that is not made yet: what the API decides is unknown."""
    known = without_defaults(inputs)
    waited = {key: UNKNOWN for key, field in fields.items() if field.computed and known.get(key) is None}
    return {**known, **waited, "id": UNKNOWN}


def _stored(field: Field, value: Value, answered: Value) -> Value:
    if isinstance(value, Secret):
        return Secret(_stored(field, value.value, answered.value if isinstance(answered, Secret) else answered))
    if field.kind == "block" and isinstance(value, dict):
        under = answered if isinstance(answered, dict) else {}
        return {**under, **_block(field.fields, value, under)}
    if field.kind == "blocks" and isinstance(value, list):
        if field.unordered:
            return [_item(field.fields, item) for item in value]
        known = answered if isinstance(answered, list) and len(answered) == len(value) else [{}] * len(value)
        return [{**below, **_block(field.fields, item, below)} for item, below in zip(value, known, strict=True)]
    return value


def _block(fields: Fields, value: Properties, answered: Properties) -> Properties:
    return {
        key: _stored(fields[key], item, answered.get(key))
        for key, item in value.items()
        if key != DEFAULTS and item is not None and key in fields
    }


def _item(fields: Fields, value: Properties) -> Properties:
    """An item of a set, with a zero value for each field the program left out."""
    return {
        key: _zero(field) if value.get(key) is None else _nested(field, value[key]) for key, field in fields.items()
    }


def _nested(field: Field, value: Value) -> Value:
    if field.kind == "block" and isinstance(value, dict):
        return {
            key: ([] if below.unordered else None) if value.get(key) is None else _nested(below, value[key])
            for key, below in field.fields.items()
        }
    if field.kind == "blocks" and isinstance(value, list):
        return [_item(field.fields, item) for item in value]
    return without_defaults(value)


def _zero(field: Field) -> Value:
    if field.unordered:
        return []
    return "" if field.kind == "text" else None
