"""Views of what several replicas mount at the same time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from views.kubernetes import WORKLOADS
from views.numbers import whole
from views.swarm import SERVICE

_CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
_ON_MANY_NODES = {"ReadWriteMany", "ReadOnlyMany"}
_NETWORK_TYPES = ("nfs", "nfs4", "cifs", "ceph")
_ON_THE_HOST = {"bind", "rbind", "remount"}


@dataclass(frozen=True, kw_only=True)
class SharedVolumeView:
    """A volume that all replicas of a workload mount. `shares` is false where replicas on other hosts cannot see the
    same files; `why` says so of what is rendered."""

    workload: str
    volume: str
    shares: bool
    why: str


def shared_volumes(resources: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[SharedVolumeView]:
    """Of every workload with more than one replica. Claims that are not in the stack are somebody else's."""
    modes = {
        str((properties.get("metadata") or {}).get("name")): set(
            (properties.get("spec") or {}).get("accessModes") or ()
        )
        for resource_type, properties in resources
        if resource_type == _CLAIM
    }
    for resource_type, properties in resources:
        if resource_type in WORKLOADS:
            yield from _in_pods(properties, modes)
        elif resource_type == SERVICE:
            yield from _in_tasks(properties)


def _in_pods(workload: Mapping[str, Any], modes: Mapping[str, set[str]]) -> Iterator[SharedVolumeView]:
    spec = workload.get("spec") or {}
    if whole(spec.get("replicas", 1)) == 1:
        return
    for volume in ((spec.get("template") or {}).get("spec") or {}).get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim in modes:
            yield SharedVolumeView(
                workload=str((workload.get("metadata") or {}).get("name") or ""),
                volume=str(claim),
                shares=bool(modes[claim] & _ON_MANY_NODES),
                why="the claim is for one node",
            )


def _in_tasks(service: Mapping[str, Any]) -> Iterator[SharedVolumeView]:
    mode = service.get("mode") or {}
    if not mode.get("global") and whole((mode.get("replicated") or {}).get("replicas", 1)) == 1:
        return
    for mount in ((service.get("taskSpec") or {}).get("containerSpec") or {}).get("mounts") or []:
        options = mount.get("volumeOptions") or {}
        if mount.get("type") == "volume":
            yield SharedVolumeView(
                workload=str(service.get("name") or ""),
                volume=str(mount.get("source") or ""),
                shares=options.get("driverName") not in (None, "", "local")
                or _of_a_server(options.get("driverOptions") or {}),
                why="each host makes one of its own",
            )


def _of_a_server(options: Mapping[str, Any]) -> bool:
    """Whether Docker's own driver mounts it from elsewhere: with some options the kernel ignores the type."""
    flags = str(options.get("o") or "").split(",")
    return options.get("type") in _NETWORK_TYPES and not _ON_THE_HOST.intersection(flags)
