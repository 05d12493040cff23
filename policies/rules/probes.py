"""Health checks."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import KUBERNETES, Rule
from views import ContainerView, WorkloadView

_ACTIONS = ("httpGet", "tcpSocket", "grpc", "exec")


def _unchecked(workload: WorkloadView) -> Iterator[str]:
    if workload.is_served:
        for container in workload.main:
            if not container.has_health_check:
                yield f"{workload.name}: no health check."


def _never_restarted(workload: WorkloadView) -> Iterator[str]:
    if workload.is_served:
        for container in workload.main:
            if "liveness" not in container.probes:
                yield f"{workload.name}: no liveness probe."


def _same(workload: WorkloadView) -> Iterator[str]:
    # What runs on every node serves only itself: it is either well or must be restarted.
    if workload.kind == "agent":
        return
    for container in workload.main:
        live, ready = container.probes.get("liveness") or {}, container.probes.get("readiness") or {}
        asked = [{name: probe[name] for name in _ACTIONS if name in probe} for probe in (live, ready)]
        if asked[0] and asked[0] == asked[1] and _patience(live) <= _patience(ready):
            yield f"{workload.name}: what makes it unready also restarts it, and as soon."


def _patience(probe: Mapping[str, Any]) -> int:
    period, failures = probe.get("periodSeconds", 10), probe.get("failureThreshold", 3)
    return int(period) * int(failures) if isinstance(period, int) and isinstance(failures, int) else 0


def _lost(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        for name, probe in container.probes.items():
            port = _port(probe)
            if port is not None and not _has(container, port):
                yield f"{workload.name}: the {name} probe asks port {port}, which the container does not have."


def _port(probe: Mapping[str, Any]) -> str | None:
    for action in ("httpGet", "tcpSocket", "grpc"):
        port = (probe.get(action) or {}).get("port")
        if isinstance(port, int | str):
            return str(port)
    return None


def _has(container: ContainerView, port: str) -> bool:
    return port in container.ports or port in {str(number) for number in container.ports.values()}


RULES = (
    Rule(
        name="health-is-checked",
        says="Every container that runs all the time has a readiness probe (Kubernetes) or health check (Swarm).",
        why="Without a check a hung replica gets requests, and a rollout goes on with a version that does not work.",
        fix="Add one.",
        of_workload=_unchecked,
    ),
    Rule(
        name="liveness-is-checked",
        says="Every container that runs all the time has a liveness probe.",
        why="A process that hangs for good is taken out of service and never comes back.",
        fix="Add one that asks the process alone. (On Swarm the health check restarts.)",
        platforms=KUBERNETES,
        of_workload=_never_restarted,
    ),
    Rule(
        name="liveness-is-not-readiness",
        says="The liveness probe asks something else than the readiness probe, or waits longer.",
        why="Otherwise an outage of a database restarts all its clients, again and again.",
        fix="Let liveness ask the process alone, and give it more time.",
        platforms=KUBERNETES,
        of_workload=_same,
    ),
    Rule(
        name="probe-port-is-there",
        says="Probes ask ports that the container has.",
        why="A probe of an unknown port never passes: the pod is never ready, or restarts for ever.",
        fix="Name a port of the container, or add the port.",
        platforms=KUBERNETES,
        of_workload=_lost,
    ),
)
