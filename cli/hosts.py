"""The hosts a stack runs on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from platforms.swarm.address import named_host


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Where the stack runs: variables for the engine, and the address at which published ports answer."""

    environment: Mapping[str, str]
    address: str
    description: str
    docker_host: str | None = None
    """The manager's Docker API; None: Docker's default socket, or no Swarm."""
    kubeconfig: str | None = None
    """None: the default one, or no Kubernetes."""
    context: str | None = None
    sandbox: bool = False


def docker_hosts(named: str | None = None) -> Hosts:
    """The Docker of HOST, else the one that is `named`, that of DOCKER_HOST, or the default socket's."""
    host = os.environ.get("HOST") or named_host(named)
    return Hosts(
        environment={"DOCKER_HOST": host} if host else {},
        address=_address(host or ""),
        description=f"Docker host {host or 'of the default socket'}",
        docker_host=host,
    )


def _address(docker_host: str) -> str:
    if docker_host.startswith(("tcp://", "ssh://")):
        return docker_host.split("://", 1)[1].rsplit("@", 1)[-1].split("/")[0].split(":")[0]
    return "127.0.0.1"
