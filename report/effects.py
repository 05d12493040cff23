"""What a changed resource means for those who use the stack: what restarts and how, what is scaled, what runs again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cli.kept import JOB_LABEL
from report.side import Resource

Noticed = Literal["restarts", "starts", "ends", "scales", "runs again", "data", "ports", "certificate", "alerts"]
ORDER: tuple[Noticed, ...] = (
    "data",
    "ends",
    "restarts",
    "runs again",
    "starts",
    "scales",
    "ports",
    "certificate",
    "alerts",
)
"""The worst first."""
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_ALERT = re.compile(r"\balert: *\"?([A-Za-z0-9_]+)")


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`text` is what follows the component's name."""

    noticed: Noticed
    component: str
    text: str


def effect(before: Resource | None, after: Resource | None) -> Effect | None:
    """Of one resource, or None where nobody notices."""
    one = after or before
    assert one is not None
    found = _of_workload(before, after) or _of_data(before, after) or _of_ports(before, after)
    found = found or _of_certificate(before, after) or _of_alerts(before, after)
    return Effect(noticed=found[0], component=one.component, text=found[1]) if found else None


_Found = tuple[Noticed, str] | None


def _of_workload(before: Resource | None, after: Resource | None) -> _Found:
    one = after or before
    assert one is not None
    if one.kind not in (*_WORKLOADS, "Job", "Service") or (one.kind == "Service" and "taskSpec" not in one.inputs):
        return None
    job = one.kind == "Job" or _label(one, JOB_LABEL)
    if before is None:
        return "starts", f"`{one.name}` is new" + (" and runs once" if job else f", {_replicas(one)}")
    if after is None:
        return "ends", f"`{one.name}` is removed"
    if _template(before) != _template(after):
        if job:
            return "runs again", f"`{one.name}`"
        return "restarts", f"`{one.name}`, {_replicas(after)}: {_rollout(after)}"
    if not job and _replicas(before) != _replicas(after):
        return "scales", f"`{one.name}`: {_replicas(before)} → {_replicas(after)}"
    return None


def _of_data(before: Resource | None, after: Resource | None) -> _Found:
    if (after or before).kind not in ("PersistentVolumeClaim", "Volume"):  # type: ignore[union-attr]
        return None
    if after is None and before is not None:
        return "data", f"`{before.name}` is not used any more; what is in it stays, or goes, as `data` says"
    if before is not None and after is not None and (was := _size(before)) != (now := _size(after)):
        return "data", f"`{after.name}` has {now} instead of {was}"
    return None


def _of_ports(before: Resource | None, after: Resource | None) -> _Found:
    was, now = (_ports(one) if one else set() for one in (before, after))
    said = [f"opens {port}" for port in sorted(now - was)] + [f"closes {port}" for port in sorted(was - now)]
    return ("ports", ", ".join(said)) if said else None


def _of_certificate(before: Resource | None, after: Resource | None) -> _Found:
    if before is None or after is None or not after.type.startswith("tls:") or before.inputs == after.inputs:
        return None
    return "certificate", f"`{after.name}` is made again"


def _of_alerts(before: Resource | None, after: Resource | None) -> _Found:
    was, now = (set(_ALERT.findall(_text(one.inputs))) if one else set[str]() for one in (before, after))
    said = [
        f"{sign} {', '.join(sorted(names))}" for sign, names in (("new:", now - was), ("gone:", was - now)) if names
    ]
    return ("alerts", "; ".join(said)) if said else None


def _template(one: Resource) -> Any:
    """What a container is made of. A change of it replaces the container. A Swarm leaves a task where it is while its
    host fits (`IsTaskDirty` in swarmkit)."""
    if "taskSpec" in one.inputs:
        return {key: value for key, value in one.inputs["taskSpec"].items() if key != "placement"}
    return one.inputs["spec"]["template"]


def _label(one: Resource, name: str) -> bool:
    return any(label.get("label") == name for label in one.inputs.get("labels") or ())


def _replicas(one: Resource) -> str:
    if "taskSpec" in one.inputs:
        mode = one.inputs["mode"].get("replicated")
        count = mode["replicas"] if mode else None
    else:
        count = None if one.kind == "DaemonSet" else one.inputs["spec"].get("replicas")
        if one.kind == "Deployment" and count is None:
            return "as many replicas as its autoscaler says"
    return "one on every host" if count is None else "1 replica" if int(count) == 1 else f"{int(count)} replicas"


def _rollout(one: Resource) -> str:
    """How old ones give way to new ones."""
    if "taskSpec" in one.inputs:
        update = one.inputs.get("updateConfig") or {}
        first, many = update.get("order") == "start-first", int(update.get("parallelism") or 1)
    else:
        rolling = (one.inputs["spec"].get("strategy") or {}).get("rollingUpdate") or {}
        first, many = bool(rolling.get("maxSurge")), int(rolling.get("maxSurge") or 1)
    count = "one" if many == 1 else str(many)
    return f"{count} at a time, " + ("the new one before the old one ends" if first else "the old one ends first")


def _size(one: Resource) -> str:
    requests = one.inputs.get("spec", {}).get("resources", {}).get("requests", {})
    return str(requests.get("storage", "as before"))


def _ports(one: Resource) -> set[str]:
    """Published ones."""
    if "taskSpec" in one.inputs:
        return {str(int(port["publishedPort"])) for port in (one.inputs.get("endpointSpec") or {}).get("ports") or ()}
    spec: Mapping[str, Any] = one.inputs.get("spec") or {}
    if one.kind != "Service" or spec.get("type") not in ("NodePort", "LoadBalancer"):
        return set()
    return {str(int(port.get("nodePort") or port["port"])) for port in spec.get("ports") or ()}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(map(_text, value.values()))
    return "\n".join(map(_text, value)) if isinstance(value, list) else str(value)
