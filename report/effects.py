"""What a changed resource means for those who use the stack: what restarts and how, what is scaled, what runs again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cli.kept import JOB_LABEL
from report.side import Resource
from settings.types import duration_text

Noticed = Literal[
    "restarts", "starts", "ends", "scales", "runs again", "data", "ports", "secrets", "certificate", "alerts"
]
ORDER: tuple[Noticed, ...] = (
    "data",
    "ends",
    "restarts",
    "runs again",
    "starts",
    "scales",
    "ports",
    "secrets",
    "certificate",
    "alerts",
)
"""The worst first."""
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_EVERYWHERE = "one on every host"
_ALERT = re.compile(r"\balert: *\"?([A-Za-z0-9_]+)")


STORES = ("PostgresHA", "RedisSentinel", "RabbitMQ")
"""What their members' restarts cost is a promise of theirs."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """`text` is what follows the component's name. `felt` says what people who use the stack notice, or nothing."""

    noticed: Noticed
    component: str
    text: str
    felt: str = ""


_Found = tuple[Noticed, str, str]
"""noticed, text, felt"""


def effects(before: Resource | None, after: Resource | None) -> Iterator[Effect]:
    """Of one resource; none where nobody notices."""
    one = after or before
    assert one is not None
    for of in (_of_workload, _of_count, _of_place, _of_data, _of_ports, _of_secret, _of_certificate, _of_alerts):
        if found := of(before, after):
            yield Effect(noticed=found[0], component=one.component, text=found[1], felt=found[2])


def _of_workload(before: Resource | None, after: Resource | None) -> _Found | None:
    one = after or before
    assert one is not None
    if not _runs(one):
        return None
    job = _is_job(one)
    if before is None:
        return "starts", f"`{one.name}` is new" + (" and runs once" if job else f", {_replicas(one)}"), ""
    if after is None:
        return "ends", f"`{one.name}` is removed", "" if job else f"`{one.name}` is gone"
    if _template(before) != _template(after):
        if job:
            return "runs again", f"`{one.name}`", ""
        return (
            "restarts",
            f"`{one.name}`, {_replicas(after)}: {_rollout(after)}{_grace(before)}",
            _while_restarting(after),
        )
    return None


def _of_count(before: Resource | None, after: Resource | None) -> _Found | None:
    if before is None or after is None or not _runs(after) or _is_job(after):
        return None
    was, now = _replicas(before), _replicas(after)
    return ("scales", f"`{after.name}`: {was} → {now}", "") if was != now else None


def _of_secret(before: Resource | None, after: Resource | None) -> _Found | None:
    one = after or before
    assert one is not None
    if one.kind != "Secret":
        return None
    said = "is new" if before is None else "is gone" if after is None else "is another one"
    return ("secrets", f"`{one.name}` {said}", "") if before != after else None


def _runs(one: Resource) -> bool:
    return one.kind in (*_WORKLOADS, "Job") or (one.kind == "Service" and "taskSpec" in one.inputs)


def _is_job(one: Resource) -> bool:
    return one.kind == "Job" or _label(one, JOB_LABEL)


def _while_restarting(one: Resource) -> str:
    """What is away while an update replaces its replicas."""
    if one.component.partition(" ")[0] in STORES or _replicas(one) == _EVERYWHERE or _starts_first(one):
        return ""
    if _replicas(one) == "1 replica" or _recreated(one):
        return f"`{one.name}` is away while it restarts"
    if "taskSpec" in one.inputs and _ports(one):
        return f"one host at a time does not answer while its `{one.name}` restarts; the others do"
    return ""


def _of_place(before: Resource | None, after: Resource | None) -> _Found | None:
    """A member whose host is another one. Its volume is of the old host."""
    if before is None or after is None or (was := _host(before)) == (now := _host(after)):
        return None
    left = ", ".join(f"`{name}`" for name in _volumes(before))
    stays = f"; its volume {left} stays on {was}, and it copies the data from the other members" if left else ""
    return "data" if left else "restarts", f"`{after.name}` moves from {was} to {now}{stays}", ""


def _of_data(before: Resource | None, after: Resource | None) -> _Found | None:
    if before is None:
        return None
    if after is None:
        left = [before.name] if before.kind in ("PersistentVolumeClaim", "Volume") else _volumes(before)
        said = ", ".join(f"`{name}`" for name in left)
        return (
            ("data", f"{said} is not used any more; its content stays, or goes, as `data` says", "") if left else None
        )
    if before.kind == "PersistentVolumeClaim" and (was := _size(before)) != (now := _size(after)):
        return "data", f"`{after.name}` has {now} instead of {was}", ""
    return None


def _of_ports(before: Resource | None, after: Resource | None) -> _Found | None:
    was, now = (_ports(one) if one else set() for one in (before, after))
    said = [f"opens {port}" for port in sorted(now - was)] + [f"closes {port}" for port in sorted(was - now)]
    felt = f"nobody answers at port {', '.join(sorted(was - now))} any more" if was - now else ""
    return ("ports", ", ".join(said), felt) if said else None


def _of_certificate(before: Resource | None, after: Resource | None) -> _Found | None:
    if before is None or after is None or not after.type.startswith("tls:") or before.inputs == after.inputs:
        return None
    return "certificate", f"`{after.name}` is made again", ""


def _of_alerts(before: Resource | None, after: Resource | None) -> _Found | None:
    was, now = (set(_ALERT.findall(_text(one.inputs))) if one else set[str]() for one in (before, after))
    said = [
        f"{sign} {', '.join(sorted(names))}" for sign, names in (("new:", now - was), ("gone:", was - now)) if names
    ]
    return ("alerts", "; ".join(said), "") if said else None


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
        if _label(one, "ha-platform.scaling"):
            return "as many replicas as its autoscaler says"
        mode = one.inputs["mode"].get("replicated")
        count = mode["replicas"] if mode else None
    else:
        count = None if one.kind == "DaemonSet" else one.inputs["spec"].get("replicas")
        if one.kind == "Deployment" and count is None:
            return "as many replicas as its autoscaler says"
    return _EVERYWHERE if count is None else "1 replica" if int(count) == 1 else f"{int(count)} replicas"


def _rollout(one: Resource) -> str:
    """How old ones give way to new ones."""
    if _recreated(one):
        return "all at a time, the old ones end first"
    many = int(_update(one).get("parallelism" if "taskSpec" in one.inputs else "maxSurge") or 1)
    count = "one" if many == 1 else str(many)
    first = _starts_first(one)
    return f"{count} at a time, " + ("the new one before the old one ends" if first else "the old one ends first")


def _starts_first(one: Resource) -> bool:
    update = _update(one)
    return update.get("order") == "start-first" if "taskSpec" in one.inputs else bool(update.get("maxSurge"))


def _recreated(one: Resource) -> bool:
    return "taskSpec" not in one.inputs and (one.inputs["spec"].get("strategy") or {}).get("type") == "Recreate"


def _update(one: Resource) -> Mapping[str, Any]:
    if "taskSpec" in one.inputs:
        return one.inputs.get("updateConfig") or {}
    return (one.inputs["spec"].get("strategy") or {}).get("rollingUpdate") or {}


def _grace(one: Resource) -> str:
    """What an old one gets for what it has begun."""
    if "taskSpec" in one.inputs:
        given = one.inputs["taskSpec"].get("containerSpec", {}).get("stopGracePeriod")
    else:
        seconds = one.inputs["spec"]["template"].get("spec", {}).get("terminationGracePeriodSeconds")
        given = duration_text(int(seconds) * 1000) if seconds else None
    return f"; what an old one has begun may take {given}" if given else ""


def _host(one: Resource) -> str:
    """The Swarm host that it is pinned to, or nothing."""
    placement = one.inputs.get("taskSpec", {}).get("placement") or {} if "taskSpec" in one.inputs else {}
    constraints = [str(text).replace(" ", "") for text in placement.get("constraints") or ()]
    return next((text.partition("==")[2] for text in constraints if text.startswith("node.hostname==")), "")


def _volumes(one: Resource) -> list[str]:
    """Named volumes of a Swarm's service."""
    mounts = one.inputs.get("taskSpec", {}).get("containerSpec", {}).get("mounts") or ()
    return [mount["source"] for mount in mounts if mount["type"] == "volume"]


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


_NAMED = re.compile(r"(`[^`]+`)(.*)", re.DOTALL)
_MANY = {" is ": " are ", " restarts": " restart", "its content": "their content",
         "while it restart": "while they restart", "while its": "while their"}  # fmt: skip
_MOST_NAMES = 4


def together(texts: Iterable[str], *, most: int = _MOST_NAMES) -> Iterator[str]:
    """Those that say the same of other names become one."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        found = _NAMED.fullmatch(text)
        names = groups.setdefault(found[2] if found else text, [])
        if found and found[1] not in names:
            names.append(found[1])
    for rest, names in groups.items():
        if len(names) < 2:
            yield "".join(names) + rest
            continue
        more = f" and {len(names) - most} more" if len(names) > most else ""
        many = rest
        for one, several in _MANY.items():
            many = many.replace(one, several, 1)
        yield ", ".join(names[:most]) + more + many
