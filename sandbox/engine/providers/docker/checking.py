"""Inputs of a docker resource as the real provider records them: checked, with defaults and the automatic name."""

from __future__ import annotations

import difflib
import secrets
from typing import Any

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker.fields import Field, Fields
from sandbox.engine.values import UNKNOWN, Path, Properties, Secret, Value, format_path, plain

DEFAULTS = "__defaults"
# pulumi-terraform-bridge: seven random hex digits after the resource's name.
_NAME_DIGITS = 7
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int,),
    "flag": (bool,),
    "texts": (list,),
    "map": (dict,),
    "block": (dict,),
    "blocks": (list,),
}
_SAID = {
    "text": "text",
    "number": "a whole number",
    "flag": "true or false",
    "texts": "a list of texts",
    "map": "a map",
    "block": "an object",
    "blocks": "a list of objects",
}


def checked(what: str, fields: Fields, inputs: Properties) -> Properties:
    """`inputs` with the defaults of `fields`. `what` names the resource in a refusal, which is a ProviderError."""
    return _object(what, (), fields, inputs)


def named(name: str, inputs: Properties, old_inputs: Properties) -> Properties:
    """`inputs` with a name: the program's, else the automatic one of `old_inputs`, else a new automatic one."""
    if inputs.get("name") is not None:
        return inputs
    kept = old_inputs.get("name") if "name" in (old_inputs.get(DEFAULTS) or ()) else None
    automatic = kept or f"{name}-{secrets.token_hex(4)[:_NAME_DIGITS]}"
    return {**inputs, "name": automatic, DEFAULTS: sorted([*(inputs.get(DEFAULTS) or ()), "name"])}


def _object(what: str, path: Path, fields: Fields, given: Properties) -> Properties:
    for key in given:
        if key not in fields and key != DEFAULTS:
            raise ProviderError(f"{what}: {_unknown((*path, key), fields)}")
    filled: Properties = {}
    defaulted: list[str] = []
    for key, field in fields.items():
        value = given.get(key)
        if value is None and field.default is not None:
            filled[key] = field.default
            defaulted.append(key)
        elif value is not None:
            filled[key] = _value(what, (*path, key), field, value)
        elif field.required and (path or key != "name"):
            raise ProviderError(f"{what}: {format_path((*path, key))} is required but missing")
    filled[DEFAULTS] = sorted(defaulted)
    return filled


def _unknown(path: Path, fields: Fields) -> str:
    key = str(path[-1])
    near = difflib.get_close_matches(key, fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(sorted(fields))}"
    return f"the sandbox engine does not know the input {format_path(path)}; {hint}"


def _value(what: str, path: Path, field: Field, value: Value) -> Value:
    if isinstance(value, Secret):
        return Secret(_value(what, path, field, value.value))
    if value is UNKNOWN:
        return value
    good = isinstance(value, _TYPES[field.kind])
    if not good or (field.kind == "number" and isinstance(value, bool)):
        raise ProviderError(f"{what}: {format_path(path)} must be {_SAID[field.kind]}")
    wrong = field.rule(value) if field.rule else None
    if wrong:
        raise ProviderError(f"{what}: {format_path(path)} {wrong}{_got(path, value)}")
    if field.kind == "block":
        return _object(what, path, field.fields, value)
    if field.kind == "blocks":
        return [_item(what, (*path, index), field, item) for index, item in enumerate(value)]
    return value


def _item(what: str, path: Path, field: Field, item: Value) -> Value:
    if item is UNKNOWN:
        return item
    hidden = isinstance(item, Secret)
    inner = item.value if isinstance(item, Secret) else item
    if not isinstance(inner, dict):
        raise ProviderError(f"{what}: {format_path(path)} must be an object")
    done = _object(what, path, field.fields, inner)
    return Secret(done) if hidden else done


def _got(path: Path, value: Any) -> str:
    # The data of a secret may be what is wrong with it: never shown.
    return "" if path[-1] in ("data", "dataRaw") else f", got {plain(value)!r}"


def without_defaults(value: Value) -> Value:
    """`value` without the `__defaults` of any object in it: what goes to the outputs."""
    if isinstance(value, Secret):
        return Secret(without_defaults(value.value))
    if isinstance(value, dict):
        return {key: without_defaults(item) for key, item in value.items() if key != DEFAULTS}
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    return value
