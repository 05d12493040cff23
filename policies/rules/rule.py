"""What a rule is, and how it becomes a policy of a pack."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError
from views import Resource, Stack, WorkloadView
from views.plain import plain

BOTH, KUBERNETES, SWARM = ("kubernetes", "swarm"), ("kubernetes",), ("swarm",)
MANDATORY, ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `says` is what holds where it is kept, `why` what happens otherwise, `fix` what to do about a fault.
    `level` is that of production. It looks at one workload, at one resource, or at the whole stack; what the check
    yields are the faults, without `fix`."""

    name: str
    says: str
    why: str
    fix: str
    platforms: tuple[str, ...] = BOTH
    level: EnforcementLevel = MANDATORY
    of_workload: Callable[[WorkloadView], Iterator[str]] | None = None
    of_resource: Callable[[Resource], Iterator[str]] | None = None
    of_stack: Callable[[Stack], Iterator[str]] | None = None

    def faults(self, stack: Stack) -> list[str]:
        """Everything that is wrong in a stack; nothing where a preview does not know enough yet."""
        if self.of_stack is not None:
            return [] if stack.unknown else list(self.of_stack(stack))
        return [fault for one in stack.resources for fault in self.faults_of(one)]

    def faults_of(self, resource: Resource) -> list[str]:
        """What is wrong in one resource, if the rule looks at each alone."""
        if resource.unknown:
            return []
        if self.of_resource is not None:
            return list(self.of_resource(resource))
        workload = resource.workload if self.of_workload else None
        if self.of_workload is None or workload is None or workload.platform not in self.platforms:
            return []
        return list(self.of_workload(workload))

    def policy(self) -> ResourceValidationPolicy | StackValidationPolicy:
        """For a pack. Faults of one resource stop an update before it is changed, those of relations its preview.
        What a preview does not know yet is said, and judged by the update."""
        given: dict[str, Any] = {"name": self.name, "description": self.says, "enforcement_level": self.level}
        if self.of_stack is not None:
            return StackValidationPolicy(validate=self._of_all, **given)
        return ResourceValidationPolicy(validate=self._of_one, **given)

    def _of_one(self, arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(type=arguments.resource_type, name=arguments.name, properties=plain(arguments.props))
        if resource.unknown and (self.of_resource or resource.workload):
            raise UnknownValueError(UNKNOWN_STRING_VALUE, list(resource.unknown))
        for fault in self.faults_of(resource):
            report(f"{fault} {self.fix}")

    def _of_all(self, arguments: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack.of([(one.resource_type, one.name, one.props) for one in arguments.resources])
        if stack.unknown:
            raise UnknownValueError(UNKNOWN_STRING_VALUE, list(stack.unknown))
        for fault in self.faults(stack):
            report(f"{fault} {self.fix}")
