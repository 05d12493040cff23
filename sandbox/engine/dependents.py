"""Which resources must be deleted before one that is deleted before its replacement is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.engine.checkpoint import Resource
from sandbox.engine.urns import is_provider, split_reference
from sandbox.engine.values import UNKNOWN, Properties

Replaces = Callable[[Resource, Properties], bool]
"""Whether giving a recorded resource these inputs needs a new object."""


def dependents_to_replace(deleted: Resource, resources: Iterable[Resource], replaces: Replaces) -> list[Resource]:
    """Those that need a new object once the outputs of `deleted` are unknown, and theirs in turn. `resources` must be
    in dependency order; so is the answer."""
    gone = {deleted.urn}
    result: list[Resource] = []
    for resource in resources:
        if resource.condemned or resource.urn in gone or not resource.custom or is_provider(resource.type):
            continue
        if not gone & {split_reference(resource.provider)[0], *resource.dependencies}:
            continue
        if split_reference(resource.provider)[0] in gone or replaces(resource, _with_unknowns(resource, gone)):
            gone.add(resource.urn)
            result.append(resource)
    return result


def _with_unknowns(resource: Resource, gone: set[str]) -> Properties:
    """The inputs with those unknown that come from a resource in `gone`."""
    sources = resource.property_dependencies
    return {
        key: UNKNOWN if key in sources and gone & set(sources[key]) else value for key, value in resource.inputs.items()
    }
