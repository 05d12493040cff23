"""What outlives a stack's resources: volumes of a Swarm, which tasks make, and claims of Kubernetes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.clients import docker_client, kubernetes_api
from cli.hosts import Hosts
from cli.stack_file import PROJECT

STACK_LABEL = "ha-platform.stack"
JOB_LABEL = "ha-platform.job"
_ANSWER_SECONDS = 10
IN_USE_SECONDS = 60
"""A stopped container holds its volume until it is removed: longer than the stop grace of any sandbox stack."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume and the Swarm node that has it; empty for one that every node may have (a shared one)."""

    name: str
    node: str


def volumes(resources: Sequence[dict[str, Any]]) -> list[Volume]:
    """The volumes that the services of a state mount, before they are destroyed."""
    return sorted(set(_volumes(resources)), key=lambda volume: volume.name)


def _volumes(resources: Sequence[dict[str, Any]]) -> Iterator[Volume]:
    for resource in resources:
        if resource["type"] != "docker:index/service:Service" or "id" not in resource:
            continue
        task = resource["inputs"]["taskSpec"]
        constraints = (task.get("placement") or {}).get("constraints") or []
        node = next((text.partition("==")[2] for text in constraints if text.startswith("node.hostname==")), "")
        for mount in task["containerSpec"].get("mounts") or []:
            if mount["type"] == "volume":
                yield Volume(name=mount["source"], node=node)


def services(hosts: Hosts, stack: str) -> dict[str, str]:
    """Id and name of the services with the stack's label."""
    found = docker_client(hosts).services(filters={"label": f"{STACK_LABEL}={stack}"})
    return {service["ID"]: service["Spec"]["Name"] for service in found}


def node_name(hosts: Hosts) -> str:
    """The Swarm's name of the host that the commands talk to."""
    return str(docker_client(hosts).info()["Name"])


def nodes(hosts: Hosts) -> int:
    """How many hosts the Swarm has."""
    return int(docker_client(hosts).info()["Swarm"]["Nodes"])


def on_host(hosts: Hosts, stack: str, mounted: Sequence[Volume] = ()) -> list[str]:
    """Names of the stack's volumes on the Docker host that the commands talk to: those with its label, and shared ones
    (they have none) of those that its services `mounted`."""
    client = docker_client(hosts)
    found = {volume["Name"] for volume in client.volumes({"label": f"{STACK_LABEL}={stack}"}).get("Volumes") or []}
    shared = {volume.name for volume in mounted if not volume.node}
    if shared:
        found |= shared & {volume["Name"] for volume in client.volumes().get("Volumes") or []}
    return sorted(found)


def remove(hosts: Hosts, stack: str, mounted: Sequence[Volume]) -> list[str]:
    """Remove those of the stack's volumes from that host that its services `mounted`, waiting for containers that end;
    returns the names removed. A volume that no service of the state had may be another deployment's of that name."""
    import docker

    client = docker_client(hosts)
    names = sorted({volume.name for volume in mounted}.intersection(on_host(hosts, stack, mounted)))
    deadline = time.monotonic() + IN_USE_SECONDS
    for name in names:
        while True:
            try:
                client.remove_volume(name)
                break
            except docker.errors.NotFound:
                break
            except docker.errors.APIError as error:
                if error.status_code != 409 or time.monotonic() > deadline:  # 409: a container has it
                    raise
            time.sleep(0.5)
    return names


def other_stacks(hosts: Hosts, stack: str) -> list[str]:
    """Other stacks with services or volumes on the Swarm, by label; services of nobody's stack by name."""
    client = docker_client(hosts)
    found = set()
    for service in client.services():
        owner = service["Spec"].get("Labels", {}).get(STACK_LABEL, "")
        found.add(f"stack {owner}" if owner else f"service {service['Spec']['Name']}")
    for volume in client.volumes({"label": STACK_LABEL}).get("Volumes") or []:
        owner = volume["Labels"][STACK_LABEL]
        if f"stack {owner}" not in found:
            found.add(f"volumes of stack {owner}")
    return sorted(found - {f"stack {stack}", f"volumes of stack {stack}"})


def claims(hosts: Hosts, resources: Sequence[dict[str, Any]]) -> list[str]:
    """`namespace/claim (size)` of every claim in the namespaces of the state."""
    namespaces = {
        resource["id"].partition("/")[0]
        for resource in resources
        if resource["type"] in ("kubernetes:apps/v1:StatefulSet", "kubernetes:core/v1:Namespace")
    }
    api: Any = kubernetes_api(hosts).CoreV1Api()
    return sorted(
        f"{claim.metadata.namespace}/{claim.metadata.name} ({claim.spec.resources.requests['storage']})"
        for namespace in namespaces
        for claim in api.list_namespaced_persistent_volume_claim(namespace).items
    )


def workloads(hosts: Hosts, namespace: str) -> dict[str, str]:
    """`namespace/name`, twice, of the project's Deployments and StatefulSets there."""
    api: Any = kubernetes_api(hosts).AppsV1Api()
    selector = f"app.kubernetes.io/part-of={PROJECT}"
    found = [
        *api.list_namespaced_deployment(namespace, label_selector=selector, _request_timeout=_ANSWER_SECONDS).items,
        *api.list_namespaced_stateful_set(namespace, label_selector=selector, _request_timeout=_ANSWER_SECONDS).items,
    ]
    return {name: name for one in found for name in [f"{namespace}/{one.metadata.name}"]}
