"""The docker resource types, and for each its fields and the calls that read, make and find its objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker

from sandbox.engine.providers.docker import objects, services
from sandbox.engine.providers.docker.fields import Fields
from sandbox.engine.providers.docker.object_fields import CONFIG, NETWORK, SECRET, VOLUME
from sandbox.engine.providers.docker.service_fields import SERVICE
from sandbox.engine.values import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type. `create` takes plain inputs and returns the id; `answer` raises docker's NotFound; `named` lists the
    ids of the objects with a name."""

    said: str
    fields: Fields
    create: Callable[[docker.APIClient, dict[str, Any]], str]
    answer: Callable[[docker.APIClient, str, Properties], Properties]
    named: Callable[[docker.APIClient, str], list[str]]


def _networks(client: docker.APIClient, name: str) -> list[str]:
    return [item["Id"] for item in client.networks(names=[name]) if item["Name"] == name]


def _secrets(client: docker.APIClient, name: str) -> list[str]:
    return [item["ID"] for item in client.secrets({"name": name}) if item["Spec"]["Name"] == name]


def _configs(client: docker.APIClient, name: str) -> list[str]:
    return [item["ID"] for item in client.configs({"name": name}) if item["Spec"]["Name"] == name]


def _services(client: docker.APIClient, name: str) -> list[str]:
    return [item["ID"] for item in client.services({"name": name}) if item["Spec"]["Name"] == name]


def _volumes(client: docker.APIClient, name: str) -> list[str]:
    listed = client.volumes({"name": name}).get("Volumes") or []
    return [item["Name"] for item in listed if item["Name"] == name]


KINDS: dict[str, Kind] = {
    "docker:index/network:Network": Kind(
        said="network",
        fields=NETWORK,
        create=objects.create_network,
        answer=objects.network,
        named=_networks,
    ),
    "docker:index/secret:Secret": Kind(
        said="secret",
        fields=SECRET,
        create=objects.create_secret,
        answer=objects.docker_secret,
        named=_secrets,
    ),
    "docker:index/serviceConfig:ServiceConfig": Kind(
        said="config",
        fields=CONFIG,
        create=objects.create_config,
        answer=objects.config,
        named=_configs,
    ),
    "docker:index/service:Service": Kind(
        said="service",
        fields=SERVICE,
        create=services.create_service,
        answer=services.service,
        named=_services,
    ),
    "docker:index/volume:Volume": Kind(
        said="volume",
        fields=VOLUME,
        create=objects.create_volume,
        answer=objects.volume,
        named=_volumes,
    ),
}
SERVICE_TYPE = "docker:index/service:Service"
CONFIG_TYPE = "docker:index/serviceConfig:ServiceConfig"
