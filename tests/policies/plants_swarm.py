"""Defects in stacks on Docker Swarm."""

from collections.abc import Callable
from typing import Any

from tests.policies.judged import Given
from tests.policies.plants import Change, Plant, adding, in_secret, in_text, on, without

SERVICE = "Service"
GATE_LABEL = "ha-platform.docker-gate"


def task(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service["taskSpec"]
    return found


def container(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = task(service)["containerSpec"]
    return found


def labels(service: dict[str, Any]) -> dict[str, str]:
    return {one["label"]: one["value"] for one in service.get("labels", [])}


def served(service: dict[str, Any]) -> bool:
    return "ha-platform.job" not in labels(service) and not service["mode"].get("global")


def several(service: dict[str, Any]) -> bool:
    return served(service) and int(service["mode"]["replicated"]["replicas"]) > 1


def member(service: dict[str, Any]) -> bool:
    kept = any(mount["type"] == "volume" for mount in container(service).get("mounts", []))
    return served(service) and kept and ".monitoring" not in labels(service).get("ha-platform.origin", "")


def apart(service: dict[str, Any]) -> bool:
    origin = labels(service).get("ha-platform.origin", "")
    return several(service) and any(part in origin for part in (".databases.", ".caches.", ".brokers.", ".balancers."))


def of(fits: Callable[[dict[str, Any]], bool] = served, **changed: Any) -> Change:
    """Fields of the first container that fits."""
    return on(SERVICE, lambda one: container(one).update(changed), fits)


def _mount(**mount: Any) -> Change:
    return on(SERVICE, lambda one: container(one).setdefault("mounts", []).append(mount), served)


def _group(given: Given) -> list[tuple[str, str, dict[str, Any]]]:
    """The members of a group that votes."""
    voters = [one for one in given if one[0].endswith(":Service") and member(one[2]) and _votes(one[2])]
    wanted = {labels(one[2])["ha-platform.component"] for one in voters[:1]}
    return [one for one in voters if labels(one[2])["ha-platform.component"] in wanted]


def _votes(service: dict[str, Any]) -> bool:
    return bool({"ha-platform.port.peer", "ha-platform.port.sentinel", "ha-platform.port.amqp"} & set(labels(service)))


def _even(given: Given) -> bool:
    group = _group(given)
    if len(group) < 3:
        return False
    given.remove(group[-1])
    return True


def _alone(given: Given) -> bool:
    group = _group(given)
    for one in group[1:]:
        given.remove(one)
    return len(group) > 1


def _on_one_host(given: Given) -> bool:
    group = _group(given)
    for one in group:
        task(one[2])["placement"] = {"constraints": ["node.hostname==host1"]}
    return len(group) > 1


def _beside(service: dict[str, Any]) -> None:
    mount = next(mount for mount in container(service)["mounts"] if mount["type"] == "volume")
    container(service)["mounts"].append({"target": mount["target"], "type": "tmpfs", "tmpfsOptions": {"sizeBytes": 1}})
    mount["target"] = "/elsewhere"


def _says_its_path(service: dict[str, Any]) -> bool:
    return member(service) and "HA_VOLUME" in (container(service).get("env") or {})


def _own_volume(service: dict[str, Any]) -> None:
    container(service).setdefault("mounts", []).append({"type": "volume", "source": "x", "target": "/x"})


def _renamed(service: dict[str, Any]) -> None:
    for one in service["labels"]:
        if one["label"] == "ha-platform.origin":
            one["value"] = "ha-platform:stack.databases.x"


def _audience(service: dict[str, Any]) -> None:
    service["labels"] = [one for one in service["labels"] if not one["label"].endswith(".audience")]


def _operators(service: dict[str, Any]) -> bool:
    ports = (service.get("endpointSpec") or {}).get("ports", [])
    return any(port["targetPort"] in (8404, 9090, 9093) for port in ports)


def _ingress(service: dict[str, Any]) -> None:
    for port in service["endpointSpec"]["ports"]:
        port["publishMode"] = "ingress"


def _unbounded(service: dict[str, Any]) -> None:
    for mount in container(service)["mounts"]:
        mount.pop("tmpfsOptions", None)


def _removed(*path: str) -> Change:
    def change(service: dict[str, Any]) -> None:
        within = task(service)
        for key in path[:-1]:
            within = within[key]
        del within[path[-1]]

    return on(SERVICE, change, served)


def _http_entry(service: dict[str, Any]) -> None:
    kept = [one for one in service["labels"] if not one["label"].endswith(".audience")]
    service["labels"] = [*kept, {"label": "ha-platform.port.http.audience", "value": "clients"}]


def _scaled(bounds: str) -> Callable[[dict[str, Any]], None]:
    return lambda service: service["labels"].append({"label": "ha-platform.scaling", "value": bounds})


def _is_gate(service: dict[str, Any]) -> bool:
    return labels(service).get(GATE_LABEL) == "true"


def _is_global(service: dict[str, Any]) -> bool:
    return bool(service["mode"].get("global"))


SCRAPES, RULES, RECEIVERS = "scrape_configs:", "- alert:", "receivers:"
ALWAYS, NEVER = "expr: vector(1)", "expr: vector(1) > 2"
CONFIG = "docker:index/serviceConfig:ServiceConfig"
_PLANTS: tuple[tuple[str, str, Change], ...] = (
    ("image-is-pinned", "no tag", of(image="registry.example.com:5000/web")),
    ("image-is-pinned", "an agent of latest", of(_is_global, image="docker.io/library/nginx:latest")),
    ("image-has-a-digest", "a tag without digest", of(_is_global, image="docker.io/prom/node-exporter:v1.0.0")),
    ("no-secret-in-environment", "POSTGRES_PASS", of(env={"POSTGRES_PASS": "hunter2x"})),
    ("no-secret-in-environment", "a key of AWS",
     of(env={"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})),
    ("no-secret-in-environment", "an argument", of(args=["--requirepass", "hunter2x"])),
    ("no-secret-in-configuration", "JSON", adding(CONFIG, {"dataRaw": '{"password": "hunter2x"}'})),
    ("no-secret-in-configuration", "HAProxy, as base64",
     adding(CONFIG, {"data": "dXNlciBoYSBpbnNlY3VyZS1wYXNzd29yZCBodW50ZXIyeAo="})),
    ("memory-limit-is-set", "no limit", _removed("resources", "limits", "memoryBytes")),
    ("requests-are-set", "nothing reserved", _removed("resources", "reservation")),
    ("scratch-is-limited", "a tmpfs without size", on(SERVICE, _unbounded, served)),
    ("process-is-not-root", "root", of(user="0:0")),
    ("process-is-not-root", "the image's user", of(user="")),
    ("root-is-an-exception", "allowed", of(user="0", labels=[{"label": "ha-platform.allow-root", "value": "true"}])),
    ("root-file-system-is-read-only", "can be written", of(readOnly=False)),
    ("capabilities-are-dropped", "the defaults", of(capDrops=[])),
    ("capabilities-are-dropped", "one added", of(capAdds=["CAP_SYS_ADMIN"])),
    ("host-is-out-of-reach", "a path", _mount(type="bind", source="/etc", target="/host", readOnly=True)),
    ("host-is-out-of-reach", "the socket",
     _mount(type="bind", source="/var/run/docker.sock", target="/var/run/docker.sock", readOnly=True)),
    ("host-is-out-of-reach", "its network",
     on(SERVICE, lambda one: task(one).update(networksAdvanceds=[{"name": "host"}]))),
    ("overlay-is-encrypted", "plain", on("Network", lambda one: one.update(options={}))),
    ("overlay-is-encrypted", "open to all containers", on("Network", lambda one: one.update(attachable=True))),
    ("public-entry-has-tls", "HTTP alone", on(SERVICE, _http_entry, served)),
    ("operators-ports-are-not-public", "not labelled", on(SERVICE, _audience, _operators)),
    ("operators-ports-are-not-public", "on every host", on(SERVICE, _ingress, _operators)),
    ("replicas-survive-one-host", "one replica",
     on(SERVICE, lambda one: one["mode"]["replicated"].update(replicas=1), several)),
    ("members-survive-one-host", "one member", _alone),
    ("quorum-is-odd", "two of three", _even),
    ("replicas-are-spread", "members on one host", _on_one_host),
    ("replicas-are-spread", "replicas on one host",
     on(SERVICE, lambda one: task(one).update(placement={"constraints": ["node.hostname==host1"]}), several)),
    ("members-are-apart", "both proxies on one host", on(SERVICE, lambda one: task(one).pop("placement"), apart)),
    ("health-is-checked", "none", _removed("containerSpec", "healthcheck")),
    ("health-is-checked", "switched off", of(healthcheck={"tests": ["NONE"]})),
    ("update-keeps-serving", "all at once",
     on(SERVICE, lambda one: one["updateConfig"].update(parallelism=0), several)),
    ("update-keeps-serving", "on and on",
     on(SERVICE, lambda one: one["updateConfig"].update(failureAction="continue"), served)),
    ("stop-is-graceful", "no time", of(stopGracePeriod="0s")),
    ("autoscaler-has-bounds", "nothing to scale", on(SERVICE, _scaled("3-3"), served)),
    ("autoscaler-has-bounds", "down to one", on(SERVICE, _scaled("1-3"), served)),
    ("references-are-there", "all configurations", without("ServiceConfig")),
    ("references-are-there", "all secrets", without("Secret")),
    ("stateful-data-is-on-a-volume", "none",
     on(SERVICE, lambda one: container(one).update(mounts=[]), lambda one: "ha-platform.volume-size" in labels(one))),
    ("data-is-under-the-volume", "a tmpfs where the data is", on(SERVICE, _beside, _says_its_path)),
    ("data-is-under-the-volume", "a volume without a name",
     on(SERVICE, lambda one: next(m for m in container(one)["mounts"] if m["type"] == "volume").pop("source"), member)),
    ("replicas-see-the-same-files", "each host its own",
     on(SERVICE, _own_volume, several)),
    ("data-has-a-verified-backup", "no drill", on(SERVICE, _renamed, member)),
    ("stores-are-scraped", "no scrape configuration", in_text("ServiceConfig", "dataRaw", SCRAPES, SCRAPES, "off:")),
    ("stores-have-alerts", "no rules", in_text("ServiceConfig", "dataRaw", RULES, "component: main", "component: x")),
    ("alerts-reach-somebody", "no Alertmanager", in_text("ServiceConfig", "dataRaw", SCRAPES, "alerting:", "off:")),
    ("alerts-reach-somebody", "no runbook", in_text("ServiceConfig", "dataRaw", RULES, "runbook:", "book:")),
    ("alerts-reach-somebody", "no receiver", in_secret(RECEIVERS, "_configs:", "s:")),
    ("alerts-reach-somebody", "the dead-man alone", in_secret(RECEIVERS, r"receiver: \d+-\w+", "receiver: nobody")),
    ("silence-is-noticed", "nothing always fires", in_text("ServiceConfig", "dataRaw", RULES, ALWAYS, NEVER)),
    ("silence-is-noticed", "it goes to nobody", in_secret(RECEIVERS, "receiver: dead-man", "receiver: nobody")),
)  # fmt: skip
SWARM = [Plant(rule=rule, platform="swarm", name=f"{rule}: {name}", change=change) for rule, name, change in _PLANTS]
_GATE: tuple[tuple[str, str, Change], ...] = (
    (
        "host-is-out-of-reach",
        "a gate that runs something else",
        on(SERVICE, lambda one: container(one).update(args=["-c", "pass"]), _is_gate),
    ),
    (
        "host-is-out-of-reach",
        "a gate that others reach",
        on(SERVICE, lambda one: task(one)["networksAdvanceds"].append({"name": "test-app"}), _is_gate),
    ),
    (
        "host-is-out-of-reach",
        "a gate that says not that it is one",
        on(SERVICE, lambda one: one["labels"].remove({"label": GATE_LABEL, "value": "true"}), _is_gate),
    ),
    (
        "host-is-out-of-reach",
        "a gate with a path beside",
        on(
            SERVICE,
            lambda one: container(one)["mounts"].append(
                {"type": "bind", "source": "/etc", "target": "/x", "readOnly": True}
            ),
            _is_gate,
        ),
    ),
)
GATE_IN, GATES = (
    "keys-on-swarm",
    [Plant(rule=rule, platform="swarm", name=f"{rule}: {name}", change=change) for rule, name, change in _GATE],
)
"""A stack with a gate, and gates that are more than one."""
