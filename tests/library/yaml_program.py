"""A program in Pulumi's YAML, run as far as it uses this package: variables, resources, `dependsOn`.

What it writes is compared with the package's schema first, as Pulumi's YAML does: a key that is not there, a missing
one and a value of another type end the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.library.plugin import PACKAGE, Plugin

_REFERENCE = re.compile(r"\$\{(\w+)\}")
_TYPES: Mapping[str, Any] = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}


def run(text: str, plugin: Plugin) -> dict[str, dict[str, Any]]:
    """Construct the resources in the order of their `dependsOn`; returns their outputs by name."""
    program = yaml.safe_load(text)
    schema = plugin.schema()
    waiting: dict[str, Any] = dict(program["resources"])
    urns: dict[str, str] = {}
    outputs: dict[str, dict[str, Any]] = {}
    while waiting:
        ready = [name for name, one in waiting.items() if set(_needs(one)) <= set(urns)]
        assert ready, f"these wait for each other: {sorted(waiting)}"
        for name in ready:
            one = waiting.pop(name)
            package, kind = one["type"].split(":")
            assert package == PACKAGE
            inputs = _filled(one["properties"], program.get("variables", {}))
            wanted = schema["resources"][f"{package}:index:{kind}"]
            faults = list(_faults(inputs, wanted["inputProperties"], wanted["requiredInputs"], schema, name))
            assert not faults, faults
            depends_on = tuple(urns[need] for need in _needs(one))
            urns[name], outputs[name] = plugin.construct(kind, name, inputs, depends_on=depends_on)
    return outputs


def _needs(resource: Mapping[str, Any]) -> list[str]:
    return [_REFERENCE.findall(text)[0] for text in resource.get("options", {}).get("dependsOn", [])]


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and (whole := _REFERENCE.fullmatch(value)):
        return variables[whole[1]]
    if isinstance(value, dict):
        return {key: _filled(each, variables) for key, each in value.items()}
    return [_filled(each, variables) for each in value] if isinstance(value, list) else value


def _faults(
    value: Mapping[str, Any], known: Mapping[str, Any], required: list[str], schema: Mapping[str, Any], path: str
) -> Iterator[str]:
    yield from (f"{path}.{key}: is not a property" for key in value if key not in known)
    yield from (f"{path}.{key}: is required" for key in required if key not in value)
    for key in value.keys() & known.keys():
        yield from _type_faults(value[key], known[key], schema, f"{path}.{key}")


def _type_faults(value: Any, wanted: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if reference := wanted.get("$ref"):
        if reference == "pulumi.json#/Any":
            return
        type_ = schema["types"][reference.removeprefix("#/types/")]
        yield from _faults(value, type_["properties"], type_.get("required") or [], schema, path)
    elif wanted["type"] == "array":
        for index, each in enumerate(value):
            yield from _type_faults(each, wanted["items"], schema, f"{path}[{index}]")
    elif wanted["type"] == "object":
        for key, each in value.items():
            yield from _type_faults(each, wanted["additionalProperties"], schema, f"{path}.{key}")
    elif not isinstance(value, _TYPES[wanted["type"]]):
        yield f"{path}: is no {wanted['type']}"
