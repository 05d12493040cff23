"""What happens while something is replaced, stopped, scaled or run by the clock."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import KUBERNETES, Rule
from views import Resource, Stack, WorkloadView
from views.plain import Unknown

_SCALING_LABEL = "ha-platform.scaling"
"""On a service of a Swarm: the least and the most replicas that its scaler may set, as `3-10`."""


_BOUNDS = {
    "HorizontalPodAutoscaler": (("minReplicas", 1), ("maxReplicas", None)),
    "ScaledObject": (("minReplicaCount", 0), ("maxReplicaCount", 100)),
}
"""What chooses counts: where it says its bounds, and what they are where it does not."""


def _all_at_once(workload: WorkloadView) -> Iterator[str]:
    spec = workload.properties.get("spec") or {}
    if workload.platform == "swarm":
        yield from _of_swarm(workload)
    elif (spec.get("strategy") or {}).get("type") == "Recreate" and workload.replicas != 1:
        yield f"{workload.name}: Recreate stops every pod before the first new one starts."
    elif (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        yield f"{workload.name}: OnDelete leaves the old version running until somebody deletes its pods."
    elif str(((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable")) == "100%":
        yield f"{workload.name}: maxUnavailable of 100% stops every pod at once."


def _of_swarm(workload: WorkloadView) -> Iterator[str]:
    update = workload.properties.get("updateConfig")
    if isinstance(update, Unknown) or not workload.is_served:
        return
    update = update or {}
    parallel, several = update.get("parallelism", 1), (workload.replicas or 0) > 1
    if several and isinstance(parallel, int) and (parallel == 0 or parallel >= (workload.replicas or 0)):
        yield f"{workload.name}: an update replaces all {workload.replicas} replicas at once."
    if update.get("failureAction", "pause") == "continue":
        yield f"{workload.name}: an update goes on where the new version fails."


def _cut_off(workload: WorkloadView) -> Iterator[str]:
    if workload.grace is None:
        return
    wait = max((container.stop_wait for container in workload.containers), default=0)
    if workload.grace == 0:
        yield f"{workload.name}: it is killed without a moment to end what it does."
    elif wait >= workload.grace:
        yield f"{workload.name}: its preStop waits {wait:g} s of {workload.grace:g} s; it is killed while it ends."


def _badly_scaled(stack: Stack) -> Iterator[str]:
    targets = {(one.namespace, one.name): one for one in stack.workloads if one.platform == "kubernetes"}
    for scaler in stack.of_kind(*_BOUNDS):
        name, spec = scaler.object_name or scaler.name, scaler.spec
        target = targets.get((scaler.namespace, str((spec.get("scaleTargetRef") or {}).get("name"))))
        if target is None:
            yield f"{name}: there is nothing in the stack that it scales."
            continue
        least, most = (spec.get(key, default) for key, default in _BOUNDS[scaler.type.rpartition(":")[2]])
        if isinstance(least, int) and isinstance(most, int) and least >= most:
            yield f"{name}: from {least} to {most} replicas there is nothing to scale."
        if least == 1:
            yield f"{name}: it scales down to one replica; losing its host is an outage."
        elif least == 0:
            yield f"{name}: it scales down to nothing; whoever comes then waits for a start."
        for metric in _measured(spec):
            if not all(metric in container.requests for container in target.main):
                yield f"{name}: it scales by {metric}, of which {target.name} reserves nothing."


def _bounded(stack: Stack) -> Iterator[str]:
    yield from _badly_scaled(stack)
    for workload in stack.workloads:
        bounds = re.fullmatch(r"(\d+)-(\d+)", workload.labels.get(_SCALING_LABEL, ""))
        if bounds and workload.platform == "swarm":
            if int(bounds[1]) >= int(bounds[2]):
                yield f"{workload.name}: from {bounds[1]} to {bounds[2]} replicas there is nothing to scale."
            if int(bounds[1]) == 1:
                yield f"{workload.name}: it scales down to one replica; losing its host is an outage."


def _measured(spec: Mapping[str, Any]) -> Iterator[str]:
    for trigger in spec.get("triggers") or []:
        if trigger.get("type") in ("cpu", "memory"):
            yield str(trigger["type"])
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource") or {}
        if (resource.get("target") or {}).get("type") == "Utilization":
            yield str(resource.get("name"))


def _endless(resource: Resource) -> Iterator[str]:
    kind = resource.type.rpartition(":")[2]
    name = resource.object_name or resource.name
    if not resource.type.startswith("kubernetes:batch/"):
        return
    job = resource.spec if kind == "Job" else (resource.spec.get("jobTemplate") or {}).get("spec") or {}
    if "activeDeadlineSeconds" not in job and not isinstance(job, Unknown):
        yield f"{name}: a run that hangs never ends."
    if kind == "CronJob":
        if resource.spec.get("concurrencyPolicy", "Allow") == "Allow":
            yield f"{name}: a run starts while the one before still works."
        if "startingDeadlineSeconds" not in resource.spec:
            yield f"{name}: after 100 missed times it never runs again."


RULES = (
    Rule(
        name="update-keeps-serving",
        says="Updates replace a part of the replicas at a time, and stop where the new version fails.",
        why="Otherwise every update is an outage, and a bad one lasts until somebody goes back.",
        fix="Use RollingUpdate (Kubernetes); `parallelism: 1` and `failureAction: rollback` (Swarm).",
        of_workload=_all_at_once,
    ),
    Rule(
        name="stop-is-graceful",
        says="What is stopped has time to end, beyond what its preStop waits.",
        why="Requests and writes are cut off, at every update and every drain of a node.",
        fix="Raise `terminationGracePeriodSeconds` (Kubernetes) or `stopGracePeriod` (Swarm).",
        of_workload=_cut_off,
    ),
    Rule(
        name="autoscaler-has-bounds",
        says="An autoscaler has a target, two replicas or more, room to scale, and requests to measure by.",
        why="It does nothing otherwise, or scales the last replica's redundancy away.",
        fix="Set `minReplicas: 2` or more, a larger `maxReplicas`, and requests of what it measures.",
        of_stack=_bounded,
    ),
    Rule(
        name="job-ends",
        says="Jobs have a deadline; those by the clock run one at a time, and again after missed times.",
        why="A run that hangs blocks an update or all later runs, or many pile up.",
        fix="Set `activeDeadlineSeconds`; for CronJobs also `concurrencyPolicy: Forbid` and `startingDeadlineSeconds`.",
        platforms=KUBERNETES,
        of_resource=_endless,
    ),
)
