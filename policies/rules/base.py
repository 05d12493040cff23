"""How a rule on workloads, or on all resources together, becomes a policy."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from views import WorkloadView, workload_view

Check = Callable[[WorkloadView], Iterator[str]]
Resources = list[tuple[str, Mapping[str, Any]]]
"""Type and properties of each resource of a stack."""
StackCheck = Callable[[Resources], Iterator[str]]


def workload_policy(name: str, description: str, level: EnforcementLevel, check: Check) -> ResourceValidationPolicy:
    """A policy that runs `check` on every workload; each text it yields is a violation."""

    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        view = workload_view(arguments.resource_type, arguments.props)
        if view is not None:
            for violation in check(view):
                report(violation)

    return ResourceValidationPolicy(name=name, description=description, enforcement_level=level, validate=validate)


def stack_policy(name: str, description: str, level: EnforcementLevel, check: StackCheck) -> StackValidationPolicy:
    """A policy that runs `check` on all resources together; each text it yields is a violation."""

    def validate(arguments: StackValidationArgs, report: ReportViolation) -> None:
        for violation in check([(resource.resource_type, resource.props) for resource in arguments.resources]):
            report(violation)

    return StackValidationPolicy(name=name, description=description, enforcement_level=level, validate=validate)
