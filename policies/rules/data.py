"""Where data is kept."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from rules.rule import ADVISORY, KUBERNETES, Rule
from views import Stack, WorkloadView
from views.plain import Unknown

_VARIABLES = ("HA_VOLUME", "PGDATA", "ETCD_DATA_DIR", "GF_PATHS_DATA", "RABBITMQ_MNESIA_BASE", "MONGO_DATA", "DATA_DIR")
_ARGUMENT = re.compile(r"--?(?:data-dir|datadir|storage\.tsdb\.path|storage\.path|dir)=(\S+)")
_ON_MANY_NODES = {"ReadWriteMany", "ReadOnlyMany"}
_NETWORK_TYPES = ("nfs", "nfs4", "cifs", "ceph")
_ON_THE_HOST = {"bind", "rbind", "remount"}


def _without_volume(workload: WorkloadView) -> Iterator[str]:
    if workload.kind == "members" and not workload.has_persistent_volume:
        yield f"{workload.name}: a member without a persistent volume."


def _beside(workload: WorkloadView) -> Iterator[str]:
    if not workload.has_persistent_volume:
        return
    kept = [mount for container in workload.main for mount in container.mounts if mount.kind == "volume"]
    claims = (workload.properties.get("spec") or {}).get("volumeClaimTemplates") or []
    for name in ((claim.get("metadata") or {}).get("name") for claim in claims):
        if name not in {mount.source for mount in kept}:
            yield f"{workload.name}: no container mounts its claim {name}."
    for path in sorted({path for container in workload.main for path in _paths(container.environment, container)}):
        mounts = [mount for container in workload.main for mount in container.mounts if _is_under(path, mount.path)]
        deepest = max(mounts, key=lambda mount: len(mount.path), default=None)
        if deepest is None or deepest.kind != "volume":
            yield f"{workload.name}: its data is below {path}, which is not on its volume."
        elif deepest.read_only:
            yield f"{workload.name}: the volume at {deepest.path} is read-only."
    for mount in kept:
        if not mount.source:
            yield f"{workload.name}: the volume at {mount.path} has no name; it is lost with its container."


def _paths(environment: Mapping[str, str | None], container: Any) -> Iterator[str]:
    for name in _VARIABLES:
        value = environment.get(name)
        if value and value.startswith("/"):
            yield value
    for argument in container.arguments:
        if (found := _ARGUMENT.fullmatch(argument)) and found[1].startswith("/"):
            yield found[1]


def _is_under(path: str, mount: str) -> bool:
    return PurePosixPath(path).is_relative_to(mount)


def _deleted(stack: Stack) -> Iterator[str]:
    deleting = {
        one.object_name for one in stack.of_kind("StorageClass") if one.properties.get("reclaimPolicy") != "Retain"
    }
    for one in stack.workloads:
        spec = one.properties.get("spec") or {}
        policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
        if one.platform == "kubernetes" and one.kind == "members":
            for when in ("whenDeleted", "whenScaled"):
                if policy.get(when) == "Delete":
                    yield f"{one.name}: its claims are deleted ({when})."
            for claim in spec.get("volumeClaimTemplates") or []:
                if (name := (claim.get("spec") or {}).get("storageClassName")) in deleting and name:
                    yield f"{one.name}: the storage class {name} deletes volumes with their claims."
    for claim in stack.of_kind("PersistentVolumeClaim"):
        name = claim.spec.get("storageClassName")
        if isinstance(name, str) and name in deleting:
            yield f"{claim.object_name or claim.name}: the storage class {name} deletes volumes with their claims."
        if not ((claim.spec.get("resources") or {}).get("requests") or {}) and "resources" not in claim.spec:
            yield f"{claim.object_name or claim.name}: the claim says no size."


def _unshared(stack: Stack) -> Iterator[str]:
    modes = {
        (one.namespace, one.object_name): set(one.spec.get("accessModes") or ())
        for one in stack.of_kind("PersistentVolumeClaim")
    }
    for one in stack.workloads:
        if one.kind != "agent" and (one.replicas or 0) < 2:
            continue
        if one.platform == "swarm":
            yield from _in_tasks(one)
            continue
        for volume in one.pod.get("volumes") or []:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            found = modes.get((one.namespace, str(claim)))
            if found is not None and not found & _ON_MANY_NODES:
                yield f"{one.name}: its replicas do not share {claim} across hosts: the claim is for one node."


def _in_tasks(workload: WorkloadView) -> Iterator[str]:
    container = (workload.properties.get("taskSpec") or {}).get("containerSpec") or {}
    for mount in container.get("mounts") or []:
        options = mount.get("volumeOptions") or {}
        own = options.get("driverName") in (None, "", "local")
        if mount.get("type") == "volume" and own and not _of_a_server(options.get("driverOptions") or {}):
            name = str(mount.get("source") or "")
            yield f"{workload.name}: its replicas do not share {name} across hosts: each host makes one of its own."


def _of_a_server(options: Mapping[str, Any]) -> bool:
    """Whether Docker's own driver mounts it from elsewhere: with some options the kernel ignores the type."""
    flags = str(options.get("o") or "").split(",")
    return isinstance(options, Unknown) or (
        options.get("type") in _NETWORK_TYPES and not _ON_THE_HOST.intersection(flags)
    )


RULES = (
    Rule(
        name="stateful-data-is-on-a-volume",
        says="Members keep their data on a persistent volume.",
        why="A member without a volume loses its data with its container.",
        fix="Add a claim (Kubernetes) or a named volume (Swarm).",
        of_workload=_without_volume,
    ),
    Rule(
        name="data-is-under-the-volume",
        says="The volume is mounted where the program keeps its data.",
        why="A volume beside the data keeps nothing: the data is lost with the container.",
        fix="Mount the volume at the data's path, or set the path below the mount.",
        of_workload=_beside,
    ),
    Rule(
        name="data-outlives-its-workload",
        says="Claims say a size, and neither StatefulSets nor storage classes of the stack delete them.",
        why="To scale down or to remove a workload by mistake would delete its data.",
        fix="Use Retain in `persistentVolumeClaimRetentionPolicy` and `reclaimPolicy`.",
        platforms=KUBERNETES,
        level=ADVISORY,
        of_stack=_deleted,
    ),
    Rule(
        name="replicas-see-the-same-files",
        says="A volume that several replicas mount is one that hosts can share.",
        why="A file that one replica wrote is missing for those on other hosts.",
        fix="Use a claim of ReadWriteMany, a volume of a file server, or object storage.",
        level=ADVISORY,
        of_stack=_unshared,
    ),
)
