"""Limits."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from rules.base import workload_policy
from views import WorkloadView


def memory_limit_is_set(level: EnforcementLevel) -> ResourceValidationPolicy:
    """One container without a limit can take a host down with everything on it."""
    return workload_policy("memory-limit-is-set", "Every container has a memory limit.", level, _unlimited)


def _unlimited(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.memory_limit is None:
            yield f"{workload.name}: no memory limit."
