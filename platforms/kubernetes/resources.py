"""Requests and limits, as canonical quantities (the API server's own spelling, so that no preview shows a change)."""

from collections.abc import Mapping

from pulumi_kubernetes.core import v1 as core

from model import Resources
from model.units import MIB

_BINARY = ("", "Ki", "Mi", "Gi", "Ti")
_DECIMAL = ("", "k", "M", "G", "T")


LOG_BYTES = 64 * MIB
"""Of the node's disk, for a container's log: kubelets keep five files of 10 MiB unless told otherwise."""

ROOT_BYTES = 1024 * MIB
"""Of the node's disk, for what a container writes into its own root where it may."""


def cpu(millis: int) -> str:
    """`1500m`, `2`."""
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def memory(size: int) -> str:
    """`512Mi`, `500M`, or plain bytes."""
    base, units = (1024, _BINARY) if size % 1024 == 0 else (1000, _DECIMAL)
    power = 0
    while size and size % base == 0 and power < len(units) - 1:
        size //= base
        power += 1
    return f"{size}{units[power]}"


def resource_requirements(
    word: Resources, *, scratch_bytes: int, writable_root: bool, extended: Mapping[str, int]
) -> core.ResourceRequirementsArgs:
    """What the scheduler reserves, and what the kernel and (of the node's disk) the kubelet enforce.

    Of an extended resource (a device) the API server wants request and limit to be the same.
    """
    devices = {name: str(count) for name, count in sorted(extended.items())}
    most = LOG_BYTES + scratch_bytes + (ROOT_BYTES if writable_root else 0)
    return core.ResourceRequirementsArgs(
        requests={
            "cpu": cpu(word.cpu_request_millis),
            "memory": memory(word.memory_request_bytes),
            "ephemeral-storage": memory(LOG_BYTES),
            **devices,
        },
        limits={
            "cpu": cpu(word.cpu_limit_millis),
            "memory": memory(word.memory_limit_bytes),
            "ephemeral-storage": memory(most),
            **devices,
        },
    )
