"""Deciding which operation brings a resource from its old state to the wanted one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.goal import Goal
from sandbox.engine.providers.base import Provider
from sandbox.engine.urns import is_default_provider, split_reference
from sandbox.engine.values import Change, Path, Properties, path_covers


@dataclass(frozen=True, slots=True)
class Plan:
    """The operation and, for an update or a replacement, why."""

    op: Literal["same", "create", "update", "replace"]
    changes: dict[Path, Change] = field(default_factory=dict)
    delete_first: bool = False


def make_plan(goal: Goal, old: Resource | None, reference: str, inputs: Properties, provider: Provider) -> Plan:
    """What to do for `goal`, whose checked inputs are `inputs`. Raises EngineError where that would replace a protected
    resource."""
    if old is None:
        return Plan("create")
    difference = provider.diff(goal.type, old.inputs, old.outputs, inputs)
    ignored = goal.ignored()
    changes = {
        path: change
        for path, change in difference.changes.items()
        if not any(path_covers(pattern, path) for pattern in ignored)
    }
    if _provider_changed(old.provider, reference):
        changes[("provider",)] = Change("update", old.provider, reference, replace=True)
    if any(change.replace for change in changes.values()):
        if old.protect:
            raise EngineError(
                f"{goal.type} {goal.name!r} is protected and would be replaced: "
                "undo the change, or take `protect` off first"
            )
        return Plan("replace", changes, difference.delete_before_replace)
    return Plan("update" if changes or old.init_errors else "same", changes)


def _provider_changed(old: str, new: str) -> bool:
    old_urn, old_id = split_reference(old)
    new_urn, new_id = split_reference(new)
    if is_default_provider(old_urn) and is_default_provider(new_urn):
        return False
    return old_urn != new_urn or old_id != new_id
