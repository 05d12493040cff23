"""A registry that asks who pulls: the provider's login reaches the Swarm's nodes with the service."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.values import Properties, Secret
from sandbox.hosts.swarm import SwarmCluster
from tests.live.private_registry import ADDRESS, PASSWORD, USER, private_registry

pytestmark = [pytest.mark.live, pytest.mark.swarm]

SERVICE = "docker:index/service:Service"


@pytest.fixture
def private_image(swarm_dev: SwarmCluster, tmp_path: Path) -> Iterator[str]:
    """An image at a registry of the host's own that asks for a login."""
    with private_registry(swarm_dev.hosts[0], tmp_path) as image:
        yield image


def service(image: str, seconds: int) -> Properties:
    return {
        "name": f"login-trial-{secrets.token_hex(3)}",
        "endpointSpec": {"mode": "dnsrr"},
        "convergeConfig": {"timeout": f"{seconds}s"},
        "taskSpec": {"containerSpec": {"image": image, "commands": ["sleep", "1000"], "stopGracePeriod": "1s"}},
    }


def provider(swarm: SwarmCluster, password: str | None) -> DockerProvider:
    login = {"address": ADDRESS, "username": USER, "password": password}
    auth: Properties = {} if password is None else {"registryAuth": Secret(json.dumps([login]))}
    return DockerProvider({"host": swarm.docker_host, **auth}, print)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_nobody_else_pulls(swarm_dev: SwarmCluster, private_image: str, password: str | None) -> None:
    docker = provider(swarm_dev, password)
    inputs = docker.check("urn", "trial", SERVICE, {}, service(private_image, seconds=40))
    with pytest.raises(ProviderError, match=f"No such image: {re.escape(private_image)}"):
        docker.create("urn", SERVICE, inputs, False)


def test_a_service_is_pulled_with_the_login_of_its_registry(swarm_dev: SwarmCluster, private_image: str) -> None:
    docker = provider(swarm_dev, PASSWORD)
    inputs = docker.check("urn", "trial", SERVICE, {}, service(private_image, seconds=300))
    id, outputs = docker.create("urn", SERVICE, inputs, False)
    try:
        assert PASSWORD not in repr(outputs)
        assert PASSWORD not in repr(docker.live(SERVICE, str(id), inputs))
    finally:
        docker.delete(SERVICE, str(id), inputs, {})
