"""How a rule on containers becomes a policy."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from views import WorkloadView, workload_view

Check = Callable[[WorkloadView], Iterator[str]]


def workload_policy(name: str, description: str, level: EnforcementLevel, check: Check) -> ResourceValidationPolicy:
    """A policy that runs `check` on every workload; each text it yields is a violation."""

    def validate(arguments: ResourceValidationArgs, report: ReportViolation) -> None:
        view = workload_view(arguments.resource_type, arguments.props)
        if view is not None:
            for violation in check(view):
                report(violation)

    return ResourceValidationPolicy(name=name, description=description, enforcement_level=level, validate=validate)
