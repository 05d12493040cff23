"""What a platform refuses, under the key that a user wrote.

A platform knows the fields of words. Which key became which field is known here, for each kind of part of a stack.
"""

from collections.abc import Iterable, Mapping

from composition.rules.context import ROOMS, ROOT
from composition.stack import Stack
from platforms.base import Refusal
from settings.faults import Fault

_CONTAINER = {
    "name": "",
    "container.image": "image",
    "container.args": "args",
    "container.env": "env",
    "container.secret_env": "secret_env",
    "container.files": "secrets",
    "container.scratch": "writable_paths",
    "container.shm_bytes": "shm",
    "container.resources": "resources",
    "container.security.read_only_root": "security.read_only_root",
    "container.security.capabilities": "security.capabilities",
    "container.stop.grace_seconds": "longest_request",
}

_PLACE = {"hosts": "hosts", "abandon_data_on": "abandon_data_on"}

KEYS: Mapping[str, Mapping[str, str]] = {
    "apps": {
        **_CONTAINER,
        "container.command": "command",
        "replicas": "replicas",
        "scaling": "scaling",
        "scaling.min_replicas": "scaling.min",
        "scaling.max_replicas": "scaling.max",
        "scaling.cpu_percent": "scaling.cpu",
        "scaling.memory_percent": "scaling.memory",
        "scaling.up": "scaling.up",
        "scaling.down": "scaling.down",
        "ports": "port",
        "probes": "probes",
        "rollout.parallelism": "rollout.parallelism",
        "rollout.stable_seconds": "rollout.stable",
        "rollout.deadline_seconds": "rollout.deadline",
        "spread": "spread",
        "prefer_spot": "prefer_spot",
    },
    "apps.migrations": {
        **_CONTAINER,
        "container.command": "migrations.command",
        "retries": "migrations.retries",
        "deadline_seconds": "migrations.deadline",
    },
    "balancers": {
        "name": "",
        "replicas": "replicas",
        "spread": "replicas",
        "public_ports": "listen.http listen.https status.port",
        "container.stop.grace_seconds": "longest_stream",
        "container.resources": "resources",
    },
    "databases": {**_PLACE, "name": "", "count": "members", "volume.size_bytes": "volume"},
    "caches": {**_PLACE, "name": "", "count": "members", "volume.size_bytes": "volume"},
    "monitoring.prometheus": {
        **_PLACE,
        "name": "",
        "hosts": "host",
        "public_ports": "port",
        "volume.size_bytes": "volume",
    },
    "monitoring.alertmanager": {**_PLACE, "name": "", "hosts": "host", "public_ports": "port"},
    "monitoring.grafana": {**_PLACE, "name": "", "hosts": "host", "public_ports": "port"},
    "monitoring.node_exporter": {"name": ""},
    "platform": {"kubeconfig": "kubeconfig"},
}
"""Kind of part -> field of its words -> key below the part.

The empty key is the part itself; of several keys (with spaces between), the one that has the refused value counts. A
field inside one that stands here has the same key, unless it stands here itself. Other fields are the component's own
choice.
"""


def refusal_faults(refusals: Iterable[Refusal], stack: Stack) -> list[Fault]:
    """The refusals as faults of the stack file. Words that come from one key and are refused alike are one fault."""
    return list(dict.fromkeys(_fault(refusal, stack) for refusal in refusals))


def _fault(refusal: Refusal, stack: Stack) -> Fault:
    kind, part = kind_and_part(refusal.origin)
    keys = _keys(KEYS[kind], refusal.field)
    if not keys:
        return Fault(path=f"{ROOT}.{part}", rule=f"{refusal.field}: {refusal.reason}", got=refusal.got)
    key = next((key for key in keys if str(_value(stack, f"{part}.{key}")) == refusal.got), keys[0])
    return Fault(path=f"{ROOT}.{part}.{key}".rstrip("."), rule=refusal.reason, got=refusal.got)


def kind_and_part(origin: str) -> tuple[str, str]:
    """`apps.migrations` and `apps.web`, of the origin `ha-platform:stack.apps.web.migrations`."""
    keys = origin.removeprefix(f"{ROOT}.").split(".")
    if keys[0] in ROOMS:
        return ".".join((keys[0], *keys[2:])), ".".join(keys[:2])
    return ".".join(keys), ".".join(keys)


def _keys(table: Mapping[str, str], field: str) -> list[str]:
    while field and field not in table:
        field = field.rpartition(".")[0]
    return table[field].split(" ") if field else []


def _value(stack: Stack, path: str) -> object:
    node: object = stack
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else getattr(node, key, None)
    return node
