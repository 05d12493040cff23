"""Whether the nodes of a Swarm offer the devices that a stack's applications reserve."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from composition.stack import Stack
from platforms.swarm.settings import SwarmSettings

Devices = Mapping[str, int]

_ADVICE = """\
On each host that has them, say so in /etc/docker/daemon.json and restart Docker:
  "node-generic-resources": [{offers}]
(NVIDIA: `"gpu=GPU-..."` for each UUID of `nvidia-smi -L`, `"default-runtime": "nvidia"`, and in
/etc/nvidia-container-runtime/config.toml `swarm-resource = "DOCKER_RESOURCE_GPU"`.)"""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What each of `replicas` of an application reserves, on nodes with all `labels`."""

    path: str
    devices: Devices
    labels: Mapping[str, str]
    replicas: int


@dataclass(frozen=True, kw_only=True)
class Node:
    """What a node has."""

    labels: Mapping[str, str]
    devices: Devices


def needs(stack: Stack) -> Iterator[Need]:
    """Of every application that reserves devices."""
    for name, app in stack.apps.items():
        if app.devices:
            yield Need(
                path=f"apps.{name}",
                devices=app.devices,
                labels=app.placement.labels,
                replicas=app.count,
            )


def lacking(needs: Iterable[Need], nodes: Mapping[str, Node]) -> list[str]:
    """What is wrong, judged for each application alone."""
    problems = []
    for need in needs:
        wanted = _text(need.devices)
        room = {host: _room(need, node) for host, node in nodes.items()}
        if not any(room.values()):
            offered = ", ".join(f"{host} {_text(node.devices)}" for host, node in nodes.items() if node.devices)
            problems.append(f"{need.path}.devices: no node that may run it offers {wanted} ({offered or 'none is'}).")
        elif sum(room.values()) < need.replicas:
            problems.append(
                f"{need.path}.devices: the nodes have room for {sum(room.values())} of {need.replicas} replicas with "
                f"{wanted} each; set fewer replicas, or offer more."
            )
    return problems


def check_devices(stack: Stack, hosts: Hosts) -> None:
    """Raises CommandError where devices are on no node that may run their application, with what to set."""
    wanted = tuple(needs(stack))
    if not wanted:
        return
    assert isinstance(stack.platform, SwarmSettings)
    with answering(hosts):
        found = docker_client(hosts).nodes()
    names = {name.lower() for name in stack.platform.nodes}
    nodes = {
        host: Node(labels=node["Spec"].get("Labels") or {}, devices=offered(node["Description"]))
        for node in found
        if (host := node["Description"]["Hostname"]).lower() in names
    }
    if problems := lacking(wanted, nodes):
        kinds = sorted({f'"{kind}={count}"' for need in wanted for kind, count in need.devices.items()})
        raise CommandError("\n".join([*problems, _ADVICE.format(offers=", ".join(kinds))]))


def offered(description: Mapping[str, Any]) -> Counter[str]:
    """Kind -> how many, of a node as the Docker API describes it: numbers, or one entry for each that has a name."""
    devices: Counter[str] = Counter()
    for resource in (description.get("Resources") or {}).get("GenericResources") or ():
        if number := resource.get("DiscreteResourceSpec"):
            devices[number["Kind"]] += number["Value"]
        if named := resource.get("NamedResourceSpec"):
            devices[named["Kind"]] += 1
    return devices


def _room(need: Need, node: Node) -> int:
    """Replicas that have their devices on the node."""
    if any(node.labels.get(key) != value for key, value in need.labels.items()):
        return 0
    return min(node.devices.get(kind, 0) // count for kind, count in need.devices.items())


def _text(devices: Devices) -> str:
    return ", ".join(f"{kind}={count}" for kind, count in sorted(devices.items()))
