"""What a container may take of its host."""

from collections.abc import Iterator

from rules.rule import KUBERNETES, Rule
from views import WorkloadView


def _unlimited(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if "memory" not in container.limits:
            yield f"{workload.name}: no memory limit."


def _unrequested(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if missing := [one for one in ("cpu", "memory") if one not in container.requests]:
            yield f"{workload.name}: nothing reserved of {' and '.join(missing)}."


def _unbounded_layer(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if "ephemeral-storage" not in container.limits:
            yield f"{workload.name}: no limit of ephemeral-storage."


def _unbounded_scratch(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        for mount in container.mounts:
            if mount.kind == "scratch" and not mount.is_bounded:
                yield f"{workload.name}: what it may write below {mount.path} has no limit."


RULES = (
    Rule(
        name="memory-limit-is-set",
        says="Every container has a memory limit.",
        why="One container without a limit can take a host down with everything on it.",
        fix="Set `resources.limits.memory`.",
        of_workload=_unlimited,
    ),
    Rule(
        name="requests-are-set",
        says="Every container reserves processor time and memory.",
        why="Without, the scheduler fills a host beyond what it has, and these are the first to be evicted.",
        fix="Set its requests (Kubernetes) or reservation (Swarm) of cpu and memory.",
        of_workload=_unrequested,
    ),
    Rule(
        name="ephemeral-storage-is-limited",
        says="Every container has a limit of ephemeral-storage.",
        why="Logs and temporary files of one container can fill a node's disk, and everything on it is evicted.",
        fix="Set `resources.limits.ephemeral-storage`.",
        platforms=KUBERNETES,
        of_workload=_unbounded_layer,
    ),
    Rule(
        name="scratch-is-limited",
        says="Every temporary directory has a size.",
        why="A tmpfs without a size may take half of the host's memory, an emptyDir its whole disk.",
        fix="Set `sizeLimit` (emptyDir) or `tmpfsOptions.sizeBytes` (Swarm).",
        of_workload=_unbounded_scratch,
    ),
)
