"""A registry that asks who pulls: the provider's login reaches the Swarm's nodes with the service."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.values import Properties, Secret
from sandbox.hosts.profiles import registry_storage
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from sandbox.images.build import reference

pytestmark = [pytest.mark.live, pytest.mark.swarm]

SERVICE = "docker:index/service:Service"
PORT = 5001
HOST = f"127.0.0.1:{PORT}"
PASSWORD = "only-for-this-test"
_HTPASSWD = "robot:$2b$05$9hRX/0SrkUSd10Z9QbJyCeSQmHZvda4069IOAXdhn9JhXbUBIAdTy\n"
"""The password's bcrypt hash: Debian's registry takes no other kind."""

_CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  maintenance: {{readonly: {{enabled: true}}}}
http: {{addr: {address}}}
auth: {{htpasswd: {{realm: private, path: {passwords}}}}}
"""


@pytest.fixture
def private_image(swarm_dev: SwarmCluster, tmp_path: Path) -> Iterator[str]:
    """An image at a registry of the host's own that asks for a login."""
    host = swarm_dev.hosts[0]
    passwords, config = tmp_path / "htpasswd", tmp_path / "registry.yml"
    passwords.write_text(_HTPASSWD)
    config.write_text(_CONFIG.format(storage=registry_storage(), address=HOST, passwords=passwords))
    command = ["nsenter", "-t", str(host.pid), "-n", "--", "docker-registry", "serve", str(config)]
    with (tmp_path / "registry.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as registry:
        try:
            wait_until(lambda: host.listens(PORT) or registry.poll() is not None, "the private registry listens", 15)
            assert registry.poll() is None, (tmp_path / "registry.log").read_text()
            yield f"{HOST}/{reference('base').partition('/')[2]}"
        finally:
            registry.terminate()


def service(image: str, seconds: int) -> Properties:
    return {
        "name": f"login-trial-{secrets.token_hex(3)}",
        "endpointSpec": {"mode": "dnsrr"},
        "convergeConfig": {"timeout": f"{seconds}s"},
        "taskSpec": {"containerSpec": {"image": image, "commands": ["sleep", "1000"], "stopGracePeriod": "1s"}},
    }


def provider(swarm: SwarmCluster, password: str | None) -> DockerProvider:
    login = {"address": HOST, "username": "robot", "password": password}
    auth: Properties = {} if password is None else {"registryAuth": Secret(json.dumps([login]))}
    return DockerProvider({"host": swarm.docker_host, **auth}, print)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_nobody_else_pulls(swarm_dev: SwarmCluster, private_image: str, password: str | None) -> None:
    docker = provider(swarm_dev, password)
    inputs = docker.check("urn", "trial", SERVICE, {}, service(private_image, seconds=12))
    with pytest.raises(ProviderError, match="No such image"):
        docker.create("urn", SERVICE, inputs, False)


def test_a_service_is_pulled_with_the_login_of_its_registry(swarm_dev: SwarmCluster, private_image: str) -> None:
    docker = provider(swarm_dev, PASSWORD)
    inputs = docker.check("urn", "trial", SERVICE, {}, service(private_image, seconds=60))
    id, outputs = docker.create("urn", SERVICE, inputs, False)
    try:
        assert PASSWORD not in repr(outputs)
        assert PASSWORD not in repr(docker.live(SERVICE, str(id), inputs))
    finally:
        docker.delete(SERVICE, str(id), inputs, {})
