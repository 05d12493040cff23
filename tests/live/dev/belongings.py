"""What a Swarm holds against what a stack's state says, so that an orphan on either side is seen."""

import json
from typing import Any

import docker

from platforms.swarm.names import STACK_LABEL

Belongings = set[tuple[str, str]]
"""Kind and id of each object."""

_KINDS = {
    "docker:index/network:Network": "network",
    "docker:index/secret:Secret": "secret",
    "docker:index/serviceConfig:ServiceConfig": "config",
    "docker:index/service:Service": "service",
}


def on_swarm(client: docker.DockerClient, stack: str) -> Belongings:
    """Everything on the Swarm that is labelled as the stack's."""
    api: Any = client.api
    of_stack = {"label": f"{STACK_LABEL}={stack}"}
    return {
        *(("network", item["Id"]) for item in api.networks(filters=of_stack)),
        *(("secret", item["ID"]) for item in api.secrets(filters=of_stack)),
        *(("config", item["ID"]) for item in api.configs(filters=of_stack)),
        *(("service", item["ID"]) for item in api.services(filters=of_stack)),
    }


def in_state(exported: str) -> Belongings:
    """Every Swarm object that an exported state names."""
    deployment = json.loads(exported)["deployment"]
    assert not deployment.get("pending_operations"), "an update that ended leaves nothing pending"
    resources = deployment.get("resources") or []
    return {(_KINDS[resource["type"]], resource["id"]) for resource in resources if resource["type"] in _KINDS}


def volumes_of(client: docker.DockerClient, stack: str) -> list[str]:
    """Names of the stack's volumes on this host."""
    return sorted(volume.name for volume in client.volumes.list(filters={"label": f"{STACK_LABEL}={stack}"}))
