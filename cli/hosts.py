"""The hosts a stack runs on."""

from collections.abc import Mapping
from dataclasses import dataclass


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
