"""What pydantic found wrong with a document, as faults with the path that the YAML has."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from settings.faults import Fault, shown
from settings.types import shown_in_units


def shape_faults(details: list[ErrorDetails], data: object, schema: dict[str, Any], *, root: str) -> tuple[Fault, ...]:
    """The faults of `data`. `schema` is the JSON Schema of its model, `root` the key under which the data stands."""
    return tuple(_fault(detail, data, schema, root) for detail in details if not _is_echo(detail))


def _fault(detail: ErrorDetails, data: object, schema: dict[str, Any], root: str) -> Fault:
    keys = _yaml_keys(detail, data)
    path = _path_text(root, keys)
    if detail["type"] == "missing":
        return Fault(path=path, rule="is required")
    if detail["type"] == "extra_forbidden":
        return Fault(path=path, rule="is not a known key", fix=_suggestion(keys, schema))
    if detail["type"] == "union_tag_invalid":
        kinds = detail["ctx"]["expected_tags"]
        return Fault(path=path, rule=f"has an unknown kind, not one of {kinds}", got=repr(detail["ctx"]["tag"]))
    if detail["type"] == "union_tag_not_found" and isinstance(detail["input"], Mapping):
        return Fault(path=f"{path}.kind", rule="is required")
    if detail["type"] in ("model_type", "dict_type", "model_attributes_type", "union_tag_not_found"):
        return Fault(path=path, rule="must be a map", got=shown(path, detail["input"]))
    if detail["type"] == "tuple_type":
        return Fault(path=path, rule="must be a list", got=shown(path, detail["input"]))
    if detail["type"] == "string_type":
        fix = "Put it in quotes." if isinstance(detail["input"], (bool, int, float)) else None
        return Fault(path=path, rule="must be a text", got=shown(path, detail["input"]), fix=fix)
    if detail["type"] == "too_short":
        return Fault(path=path, rule=f"needs at least {detail['ctx']['min_length']} item")
    if detail["type"] == "string_pattern_mismatch":
        rule = f"does not match pattern `{detail['ctx']['pattern']}`"
        return Fault(path=path, rule=rule, got=shown(path, detail["input"]))
    if bound := next((key for key in ("ge", "le", "gt", "lt") if key in detail.get("ctx", {})), None):
        written, limit = _at(data, keys), detail["ctx"][bound]
        if in_units := shown_in_units(written, detail["input"], limit):
            rule = detail["msg"].removeprefix("Input ").replace(str(limit), in_units)
            return Fault(path=path, rule=rule, got=shown(path, written))
    rule = detail["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    return Fault(path=path, rule=rule, got=shown(path, detail["input"]))


def _is_echo(detail: ErrorDetails) -> bool:
    """A list whose items are faulty is also reported as too short, though it is long enough."""
    length = len(detail["input"]) if isinstance(detail["input"], (list, tuple)) else 0
    return detail["type"] == "too_short" and length >= detail["ctx"]["min_length"]


def _path_text(root: str, keys: tuple[str | int, ...]) -> str:
    """`root.apps.web.routes[0].path`"""
    return root + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)


def _yaml_keys(detail: ErrorDetails, data: object) -> tuple[str | int, ...]:
    """The location without what pydantic adds to it (union tags, validator names): the path as the YAML has it."""
    location = detail["loc"]
    keys: list[str | int] = []
    node: object = data
    for position, key in enumerate(location):
        last = position == len(location) - 1
        found, child = _step(node, key)
        if found:
            node = child
            keys.append(key)
        elif last and detail["type"] in ("missing", "union_tag_not_found"):
            keys.append(key)
    return tuple(keys)


def _step(node: object, key: str | int) -> tuple[bool, object]:
    if isinstance(node, Mapping) and key in node:
        return True, node[key]
    if isinstance(node, (list, tuple)) and isinstance(key, int) and key < len(node):
        return True, node[key]
    return False, None


def _at(node: object, keys: tuple[str | int, ...]) -> object:
    for key in keys:
        node = _step(node, key)[1]
    return node


def _suggestion(keys: tuple[str | int, ...], schema: dict[str, Any]) -> str:
    known = sorted(_known_keys(schema, schema, keys[:-1]))
    close = difflib.get_close_matches(str(keys[-1]), known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Known here: {', '.join(known)}." if known else ""


def _known_keys(node: dict[str, Any], schema: dict[str, Any], keys: tuple[str | int, ...]) -> set[str]:
    """The property names that the JSON Schema allows at `keys`, over all alternatives."""
    known: set[str] = set()
    for option in _alternatives(node, schema):
        if not keys:
            known |= set(option.get("properties", {}))
            continue
        key, rest = keys[0], keys[1:]
        child = option.get("items") if isinstance(key, int) else option.get("properties", {}).get(key)
        named = [child, option.get("additionalProperties"), *option.get("patternProperties", {}).values()]
        for one in named if child is None else [child]:
            if isinstance(one, dict):
                known |= _known_keys(one, schema, rest)
    return known


def _alternatives(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in node:
        yield from _alternatives(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
        return
    yield node
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _alternatives(option, schema)
