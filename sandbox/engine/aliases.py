"""The URNs a resource may have had before: its own aliases, and those it inherits from its parent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.engine.urns import make_urn, name_of, qualified_type


def alias_urns(request: Any, stack: str, project: str, parent_aliases: Iterable[str]) -> tuple[str, ...]:
    """The aliases of a `RegisterResourceRequest`, each once, in order. A child whose name begins with its parent's has
    also had the parent's other name there."""
    own = [_own(alias, request, stack, project) for alias in request.aliases] + list(request.aliasURNs)
    found = dict.fromkeys(own)
    for parent_alias in parent_aliases:
        before = [(request.name, request.type), *((name_of(urn), qualified_type(urn).split("$")[-1]) for urn in own)]
        for name, type in before:
            found[_inherited(name, type, name_of(request.parent), parent_alias)] = None
    return tuple(found)


def _own(alias: Any, request: Any, stack: str, project: str) -> str:
    if alias.WhichOneof("alias") == "urn":
        return str(alias.urn)
    spec = alias.spec
    parent = "" if spec.noParent else spec.parentUrn or request.parent
    return make_urn(
        spec.stack or stack, spec.project or project, parent, spec.type or request.type, spec.name or request.name
    )


def _inherited(name: str, type: str, parent_name: str, parent_alias: str) -> str:
    head, project, _ = parent_alias.split("::", 2)
    if name.startswith(parent_name):
        name = name_of(parent_alias) + name.removeprefix(parent_name)
    return make_urn(head.removeprefix("urn:pulumi:"), project, parent_alias, type, name)
