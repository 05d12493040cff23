"""What a Swarm holds against what a stack's state says, so that an orphan on either side is seen."""

import json
from typing import Any

import docker

Belongings = set[tuple[str, str]]
"""Kind and id of each object."""

_KINDS = {
    "docker:index/network:Network": "network",
    "docker:index/secret:Secret": "secret",
    "docker:index/serviceConfig:ServiceConfig": "config",
    "docker:index/service:Service": "service",
}


def on_swarm(client: docker.DockerClient, stack: str) -> Belongings:
    """Everything on the Swarm that has a name of the stack."""
    api: Any = client.api
    found: Belongings = {("network", item["Id"]) for item in api.networks() if _named(item, stack)}
    for kind, items in (("secret", api.secrets()), ("config", api.configs()), ("service", api.services())):
        found |= {(kind, item["ID"]) for item in items if _named(item["Spec"], stack)}
    return found


def _named(described: dict[str, Any], stack: str) -> bool:
    return bool(described["Name"].startswith(f"{stack}-"))


def in_state(exported: str) -> Belongings:
    """Every Swarm object that an exported state names."""
    deployment = json.loads(exported)["deployment"]
    assert not deployment.get("pending_operations"), "an update that ended leaves nothing pending"
    resources = deployment.get("resources") or []
    return {(_KINDS[resource["type"]], resource["id"]) for resource in resources if resource["type"] in _KINDS}


def volumes_of(client: docker.DockerClient, stack: str) -> list[str]:
    """Names of the stack's volumes on this host."""
    return sorted(volume.name for volume in client.volumes.list(filters={"label": f"ha-platform.stack={stack}"}))
