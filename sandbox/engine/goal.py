"""What a program asks for in one registration, checked for what this engine does not do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import resource_pb2

from sandbox.engine.aliases import alias_urns
from sandbox.engine.errors import EngineError
from sandbox.engine.urns import is_provider, make_urn
from sandbox.engine.values import Path, Properties, parse_path
from sandbox.engine.wire import from_struct

_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")

# Request field -> the option's name in a program. Their absence must be the empty value.
_REFUSED = {
    "importId": "import_",
    "deleteBeforeReplaceDefined": "delete_before_replace",
    "replaceOnChanges": "replace_on_changes",
    "deletedWith": "deleted_with",
    "replace_with": "replace_with",
    "hideDiffs": "hide_diffs",
    "envVarMappings": "env_var_mappings",
    "transforms": "transforms",
    "state_migrations": "state_migrations",
    "packageRef": "parameterized packages",
}


def seconds(text: str, where: str) -> float:
    """A duration as Go writes it (`1h30m`, `90s`) in seconds."""
    if not re.fullmatch(f"(?:{_DURATION.pattern})+", text):
        raise EngineError(f"{where}: {text!r} is not a duration such as 90s, 5m or 1h30m")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _DURATION.findall(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """The state a program wants one resource to have, with its options."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    inputs: Properties
    provider: str
    version: str
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, list[str]]
    aliases: tuple[str, ...]
    protect: bool
    ignore_changes: tuple[str, ...]
    additional_secret_outputs: tuple[str, ...]
    retain_on_delete: bool
    custom_timeouts: dict[str, float]
    before_update: tuple[str, ...] = ()
    """Names of hooks."""

    @property
    def is_provider(self) -> bool:
        return is_provider(self.type)

    def ignored(self) -> list[Path]:
        """The paths of `ignore_changes`."""
        return _paths(self.ignore_changes, f"{self.name}: ignore_changes")


def _paths(texts: tuple[str, ...], where: str) -> list[Path]:
    try:
        return [parse_path(text) for text in texts]
    except ValueError as error:
        raise EngineError(f"{where}: {error}") from None


def goal_from(request: Any, stack: str, project: str, parent_aliases: Iterable[str]) -> Goal:
    """The goal in a `RegisterResourceRequest` of a resource whose parent has those aliases. Raises EngineError for
    options and kinds that are not supported."""
    where = f"{request.type} {request.name!r}"
    if request.remote:
        raise EngineError(
            f"{where}: remote components run inside a provider plugin, which the sandbox engine does not have; "
            "use the Pulumi CLI, or the component's own resources"
        )
    for field, option in _REFUSED.items():
        if getattr(request, field):
            raise EngineError(
                f"{where}: {option}: not supported by the sandbox engine; remove it or use the Pulumi CLI"
            )
    for kind, hooks in request.hooks.ListFields():
        if kind.name != "before_update":
            raise EngineError(
                f"{where}: hooks {', '.join(hooks)}: the sandbox engine has no {kind.name} hooks; "
                "remove them or use the Pulumi CLI"
            )
    if request.HasField("replacement_trigger"):
        raise EngineError(
            f"{where}: replacement_trigger: not supported by the sandbox engine; remove it or use the Pulumi CLI"
        )
    return Goal(
        urn=make_urn(stack, project, request.parent, request.type, request.name),
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=from_struct(request.object),
        provider=request.provider,
        version=request.version,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={key: sorted(value.urns) for key, value in sorted(request.propertyDependencies.items())},
        aliases=alias_urns(request, stack, project, parent_aliases),
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        retain_on_delete=request.retainOnDelete,
        custom_timeouts=_timeouts(request.customTimeouts, where),
        before_update=tuple(request.hooks.before_update),
    )


def _timeouts(message: resource_pb2.RegisterResourceRequest.CustomTimeouts, where: str) -> dict[str, float]:
    return {
        action: seconds(getattr(message, action), f"{where}: custom_timeouts.{action}")
        for action in ("create", "update", "delete")
        if getattr(message, action)
    }
