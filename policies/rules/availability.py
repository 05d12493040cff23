"""Availability: of one workload, and between resources."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ResourceValidationPolicy,
    StackValidationPolicy,
)
from rules.base import Resources, stack_policy, workload_policy
from views import WorkloadView, shared_volumes, workload_view

_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"


def health_is_checked(level: EnforcementLevel) -> ResourceValidationPolicy:
    """Without a check a hung replica gets requests, and a rollout goes on with a version that does not work."""
    return workload_policy("health-is-checked", "Every long-running container has a health check.", level, _unchecked)


def _unchecked(workload: WorkloadView) -> Iterator[str]:
    if workload.kind != "job" and not all(container.has_health_check for container in workload.containers):
        yield f"{workload.name}: no health check."


def replicas_survive_one_host(level: EnforcementLevel) -> ResourceValidationPolicy:
    """One replica is down for as long as it takes to start it again elsewhere."""
    return workload_policy("replicas-survive-one-host", "Workloads run with two replicas or more.", level, _single)


def _single(workload: WorkloadView) -> Iterator[str]:
    if workload.kind == "replicas" and workload.replicas == 1 and not _is_exporter(workload):
        yield f"{workload.name}: one replica; losing its host is an outage."


def _is_exporter(workload: WorkloadView) -> bool:
    """Whether all that is lost with it are its metrics. An app whose only port is for metrics still has work to do."""
    return workload.ports == {"metrics"} and bool(workload.origin) and workload.path[:1] != ("apps",)


def stateful_data_is_on_a_volume(level: EnforcementLevel) -> ResourceValidationPolicy:
    """A member without a volume loses its data with its container."""
    return workload_policy(
        "stateful-data-is-on-a-volume", "Members keep their data on a persistent volume.", level, _without_volume
    )


def _without_volume(workload: WorkloadView) -> Iterator[str]:
    if workload.kind == "members" and not workload.has_persistent_volume:
        yield f"{workload.name}: a member without a persistent volume."


def replicas_see_the_same_files(level: EnforcementLevel) -> StackValidationPolicy:
    """A file that one replica wrote is missing for those on other hosts, where a volume cannot be shared."""
    return stack_policy(
        "replicas-see-the-same-files",
        "A volume that several replicas mount is one that hosts can share.",
        level,
        _unshared,
    )


def _unshared(resources: Resources) -> Iterator[str]:
    for one in shared_volumes(resources):
        if not one.shares:
            yield f"{one.workload}: its replicas do not share {one.volume} across hosts: {one.why}."


def disruption_budget_can_be_met(level: EnforcementLevel) -> StackValidationPolicy:
    """A budget that the replica count cannot meet blocks every node drain."""
    return stack_policy(
        "disruption-budget-can-be-met",
        "A PodDisruptionBudget selects pods, and lets at least one of them be evicted.",
        level,
        _unmet_budgets,
    )


def _unmet_budgets(resources: Resources) -> Iterator[str]:
    workloads = [
        ((properties.get("spec") or {}).get("selector") or {}, view)
        for resource_type, properties in resources
        if (view := workload_view(resource_type, properties)) and view.kind in ("replicas", "members")
    ]
    for resource_type, properties in resources:
        if resource_type != _BUDGET:
            continue
        name = str((properties.get("metadata") or {}).get("name") or "")
        spec = properties.get("spec") or {}
        wanted = (spec.get("selector") or {}).get("matchLabels")
        selected = [view for selector, view in workloads if wanted and selector.get("matchLabels") == wanted]
        if not selected:
            yield f"{name}: the budget selects no workload of the stack."
        for view in selected:
            if view.replicas is not None and not _allows_eviction(spec, view.replicas):
                yield f"{name}: no pod of {view.name} ({view.replicas} replicas) may ever be evicted."


def _allows_eviction(spec: Mapping[str, Any], replicas: int) -> bool:
    if (maximum := spec.get("maxUnavailable")) is not None:
        return _count(maximum, replicas) >= 1
    if (minimum := spec.get("minAvailable")) is not None:
        return _count(minimum, replicas) < replicas
    return True


def _count(value: object, replicas: int) -> int:
    """A number, or a percentage of the replicas rounded up (as the disruption controller does)."""
    text = str(value)
    return -(-int(text[:-1]) * replicas // 100) if text.endswith("%") else int(float(text))
