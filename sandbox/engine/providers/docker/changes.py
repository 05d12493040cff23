"""What an update of a docker resource would change, and which changes need a new object."""

from __future__ import annotations

from sandbox.engine.providers.base import Diff
from sandbox.engine.providers.docker.checking import DEFAULTS, without_defaults
from sandbox.engine.providers.docker.fields import Field, Fields
from sandbox.engine.providers.docker.rules import ratio
from sandbox.engine.values import Change, Path, Properties, Value, diff, plain


def changes(fields: Fields, old: Properties, new: Properties) -> Diff:
    """The changes from the inputs `old` to `new`. An explicit name that stays has to be free before it is used again,
    so a replace then deletes first."""
    found: dict[Path, Change] = {}
    aligned = {key: in_order(fields[key], old.get(key), value) for key, value in new.items() if key in fields}
    for path, change in diff(without_defaults(old), without_defaults(aligned)).items():
        described = _describe(fields, path)
        if change.kind == "delete" and any(field.computed for field in described[-1:]):
            continue
        if described[-1:] and _same(described[-1], change.old, change.new):
            continue
        replace = any(field.replace for field in described[-1:])
        found[path] = Change(change.kind, change.old, change.new, replace)
    explicit = "name" not in (new.get(DEFAULTS) or ())
    return Diff(found, delete_before_replace=explicit and old.get("name") == new.get("name"))


def in_order(field: Field, like: Value, value: Value) -> Value:
    """`value` with the items of each unordered list in the order they have in `like`: only real changes show."""
    like = plain(like)
    if field.kind == "block" and isinstance(value, dict) and isinstance(like, dict):
        return _fields_in_order(field.fields, like, value)
    if not field.unordered or not isinstance(value, list) or not isinstance(like, list):
        return value
    left = list(value)
    places: list[Value] = []
    for wanted in like:
        ordered = [_item_in_order(field, wanted, item) for item in left]
        bare = [plain(without_defaults(item)) for item in ordered]
        index = bare.index(without_defaults(wanted)) if without_defaults(wanted) in bare else None
        places.append(None if index is None else ordered[index])
        if index is not None:
            left.pop(index)
    # What stands for no old item takes the places that became free, so that a changed item shows as changed.
    filled = [
        place if place is not None else _item_in_order(field, wanted, left.pop(0)) if left else None
        for place, wanted in zip(places, like, strict=True)
    ]
    return [item for item in filled if item is not None] + left


def _item_in_order(field: Field, like: Value, item: Value) -> Value:
    if isinstance(item, dict) and isinstance(like, dict):
        return _fields_in_order(field.fields, like, item)
    return item


def _fields_in_order(fields: Fields, like: Properties, value: Properties) -> Properties:
    return {key: in_order(fields[key], like.get(key), item) if key in fields else item for key, item in value.items()}


def _describe(fields: Fields, path: Path) -> list[Field]:
    """The fields that lead to `path`; keys inside a map belong to the map's own field."""
    described: list[Field] = []
    for part in path:
        if isinstance(part, int):
            continue
        if described and not described[-1].fields:
            break
        level = described[-1].fields if described else fields
        if part not in level:
            break
        described.append(level[part])
    return described


def _same(field: Field, old: Value, new: Value) -> bool:
    """Whether two texts say the same ratio: the real provider suppresses the difference."""
    before, after = plain(old), plain(new)
    if field.rule is not ratio or not isinstance(before, str) or not isinstance(after, str):
        return False
    return float(before) == float(after)
