"""What a stack made beside its workloads and is not there any more: the Swarm or the cluster was made anew.

Engines compare only what they recorded, so an update would find everything unchanged, and fail at the first workload.
"""

from collections.abc import Callable, Mapping
from typing import Any

from cli.clients import docker_client, kubernetes_api
from cli.hosts import Hosts
from cli.operations import Resources

_OBJECTS: Mapping[str, Callable[[Any], list[dict[str, Any]]]] = {
    "docker:index/network:Network": lambda api: api.networks(),
    "docker:index/secret:Secret": lambda api: api.secrets(),
    "docker:index/serviceConfig:ServiceConfig": lambda api: api.configs(),
}
_NAMESPACE = "kubernetes:core/v1:Namespace"


def on_swarm(resources: Resources, hosts: Hosts) -> list[str]:
    """URNs of networks, secrets and configs."""
    api = docker_client(hosts)
    recorded = [one for one in resources if one["type"] in _OBJECTS and "id" in one]
    there = {
        each.get("ID") or each["Id"] for type_ in {one["type"] for one in recorded} for each in _OBJECTS[type_](api)
    }
    return [one["urn"] for one in recorded if one["id"] not in there]


def on_kubernetes(resources: Resources, hosts: Hosts) -> list[str]:
    """URNs of all objects, where a namespace of the stack is gone or another one of its name is there."""
    recorded = [one for one in resources if one["type"] == _NAMESPACE and "id" in one]
    if all(_is_there(one, hosts) for one in recorded):
        return []
    return [one["urn"] for one in resources if one["type"].startswith("kubernetes:") and "id" in one]


def _is_there(namespace: dict[str, Any], hosts: Hosts) -> bool:
    client = kubernetes_api(hosts)
    try:
        found = client.CoreV1Api().read_namespace(namespace["id"])
    except client.ApiException as error:
        if error.status != 404:
            raise
        return False
    uid = namespace.get("outputs", {}).get("metadata", {}).get("uid")
    return uid in (None, found.metadata.uid)
