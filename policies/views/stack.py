"""All resources of a stack together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from views import kubernetes, swarm
from views.container import WorkloadView
from views.plain import plain, unknown_path

_JUDGED = ("kubernetes:", "docker:")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `name` is what the program calls it, which an object without a name of its own begins with."""

    type: str
    name: str
    properties: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Kubernetes' metadata."""
        return self.properties.get("metadata") or {}

    @property
    def spec(self) -> Mapping[str, Any]:
        """Kubernetes' specification."""
        return self.properties.get("spec") or {}

    @property
    def object_name(self) -> str:
        """The object's name; empty where the platform will choose one."""
        return str(self.metadata.get("name") or self.properties.get("name") or "")

    @property
    def namespace(self) -> str:
        """Kubernetes' namespace."""
        return str(self.metadata.get("namespace") or "")

    @cached_property
    def unknown(self) -> tuple[str, ...] | None:
        """Where it says something that a preview does not know yet and a rule may have to know."""
        return unknown_path(self.properties) if self.type.startswith(_JUDGED) else None

    @property
    def workload(self) -> WorkloadView | None:
        """Its view, if it runs something."""
        if self.type == swarm.SERVICE:
            return swarm.view(self.properties)
        if self.type in kubernetes.WORKLOADS:
            return kubernetes.view(self.type, self.properties)
        return None


class Stack:
    """Resources, and the workloads among them."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = resources

    @classmethod
    def of(cls, given: Sequence[tuple[str, str, Any]]) -> "Stack":
        """Of types, names and properties as an engine hands them over."""
        return cls([Resource(type=kind, name=name, properties=plain(value)) for kind, name, value in given])

    @cached_property
    def workloads(self) -> tuple[WorkloadView, ...]:
        """All that run something."""
        return tuple(view for one in self.resources if (view := one.workload) is not None)

    @property
    def unknown(self) -> tuple[str, ...] | None:
        """As of a resource, with its name first."""
        return next(((one.name, *one.unknown) for one in self.resources if one.unknown), None)

    def of_kind(self, *kinds: str) -> Iterator[Resource]:
        """Kubernetes' resources of a kind, in any of its API's groups: `of_kind("Service")`."""
        for one in self.resources:
            if one.type.startswith("kubernetes:") and one.type.rpartition(":")[2] in kinds:
                yield one

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Resources of these types."""
        return (one for one in self.resources if one.type in types)
