"""What a stack reserves: the requests of all its containers, from what would be registered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from report.side import Resource

_UNITS = {
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "m": Decimal("0.001"),
}  # fmt: skip


_BOUNDS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
"""What chooses counts, and where it says its bounds."""


@dataclass(frozen=True, kw_only=True)
class Requests:
    """CPU in cores and memory in bytes: of everything, with autoscalers at their least and at their most, and of what
    runs on every host, for each of these."""

    cpu: tuple[Decimal, Decimal] = (Decimal(), Decimal())
    memory: tuple[Decimal, Decimal] = (Decimal(), Decimal())
    on_each_cpu: Decimal = Decimal()
    on_each_memory: Decimal = Decimal()


def requests(resources: Iterable[Resource]) -> Requests:
    """The sum. Jobs that ran hold nothing on Kubernetes; on a Swarm they stay."""
    resources = list(resources)
    scaled = {
        (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]): (
            spec.get(least) or 1,
            spec[most],
        )
        for one in resources
        if one.kind in _BOUNDS
        for spec in [one.inputs["spec"]]
        for least, most in [_BOUNDS[one.kind]]
    }
    cpu, memory, each_cpu, each_memory = [Decimal()] * 2, [Decimal()] * 2, Decimal(), Decimal()
    for one in resources:
        found = _of_one(one)
        if found is None:
            continue
        counts = _counts(one, scaled)
        if counts is None:
            each_cpu, each_memory = each_cpu + found[0], each_memory + found[1]
            continue
        cpu = [total + count * found[0] for total, count in zip(cpu, counts, strict=True)]
        memory = [total + count * found[1] for total, count in zip(memory, counts, strict=True)]
    return Requests(
        cpu=(cpu[0], cpu[1]), memory=(memory[0], memory[1]), on_each_cpu=each_cpu, on_each_memory=each_memory
    )


def compared(before: Requests, after: Requests) -> str:
    """`5.2 CPU → 5.7 CPU, memory 6.1 Gi → 6.6 Gi`; nothing where they are the same."""
    if before == after:
        return ""
    said = [_pair("CPU", before.cpu, after.cpu, _cores), _pair("memory", before.memory, after.memory, _gibibytes)]
    each = [
        _pair("CPU", (before.on_each_cpu,) * 2, (after.on_each_cpu,) * 2, _cores),
        _pair("memory", (before.on_each_memory,) * 2, (after.on_each_memory,) * 2, _gibibytes),
    ]
    parts = [", ".join(filter(None, said)), f"on each host {', '.join(filter(None, each))}" if any(each) else ""]
    return "; ".join(filter(None, parts))


def said(found: Requests) -> str:
    """`5.2 CPU and 6.1 Gi`, with autoscalers at their least."""
    each = f", and {_cores(found.on_each_cpu)} CPU and {_gibibytes(found.on_each_memory)} on each host"
    return f"{_cores(found.cpu[0])} CPU and {_gibibytes(found.memory[0])}" + (each if found.on_each_memory else "")


def _pair(what: str, before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal], text: Any) -> str:
    if before == after:
        return ""
    most = (
        f" (scaled up: {text(before[1])} → {text(after[1])})"
        if before != (before[0],) * 2 or after[0] != after[1]
        else ""
    )
    return f"{what} {text(before[0])} → {text(after[0])}{most}"


def _cores(number: Decimal) -> str:
    return f"{float(number):g}"


def _gibibytes(number: Decimal) -> str:
    return f"{float(number) / 2**30:.2f}".rstrip("0").rstrip(".") + " Gi"


def _counts(one: Resource, scaled: Mapping[tuple[str, str], tuple[int, int]]) -> tuple[int, int] | None:
    """At least and at most; None: one on every host."""
    if "taskSpec" in one.inputs:
        replicated = one.inputs["mode"].get("replicated")
        return (int(replicated["replicas"]),) * 2 if replicated else None
    if one.kind == "DaemonSet":
        return None
    name = one.inputs.get("metadata", {}).get("name", one.name)
    if (found := scaled.get((one.kind, name))) is not None:
        return int(found[0]), int(found[1])
    return (int(one.inputs["spec"].get("replicas") or 1),) * 2


def _of_one(one: Resource) -> tuple[Decimal, Decimal] | None:
    """CPU and memory of one replica, or None: nothing that runs."""
    if "taskSpec" in one.inputs:
        reserved = (one.inputs["taskSpec"].get("resources") or {}).get("reservation") or {}
        return Decimal(reserved.get("nanoCpus") or 0) / 10**9, Decimal(reserved.get("memoryBytes") or 0)
    if one.kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return None
    spec = one.inputs["spec"]["template"]["spec"]
    cpu, memory = (_of_pod(spec, name) for name in ("cpu", "memory"))
    return cpu, memory


def _of_pod(spec: Mapping[str, Any], name: str) -> Decimal:
    """As Kubernetes reckons: all containers together, or the largest one that runs before them."""
    together = sum((_request(one, name) for one in spec.get("containers") or ()), Decimal())
    first = max((_request(one, name) for one in spec.get("initContainers") or ()), default=Decimal())
    return max(together, first)


def _request(container: Mapping[str, Any], name: str) -> Decimal:
    text = str(((container.get("resources") or {}).get("requests") or {}).get(name, "0"))
    unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
    return Decimal(text.removesuffix(unit)) * _UNITS.get(unit, 1)
