"""The hosts a stack runs on: the sandbox's for stacks of sandbox images, otherwise what the environment names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cli.errors import CommandError
from cli.stack_file import StackFile


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Where the stack runs: variables for the engine, and the address at which published ports answer."""

    environment: Mapping[str, str]
    address: str
    description: str


def chosen(stack: StackFile) -> Hosts | None:
    """The hosts that HOST or DOCKER_HOST or KUBECONFIG name, or None: the sandbox's are to be used."""
    host = os.environ.get("HOST", "")
    if host:
        return Hosts(environment={"DOCKER_HOST": host}, address=_address(host), description=host)
    if not stack.sandbox:
        named = os.environ.get("DOCKER_HOST", "") if stack.platform == "swarm" else ""
        return Hosts(environment={}, address=_address(named), description=named or "the environment's")
    return None


def sandbox_up(stack: StackFile) -> Hosts:
    """Start the sandbox's hosts and make its images; both are left alone when they are there."""
    # The sandbox needs Linux and root; people with hosts of their own must not need its imports.
    from sandbox.hosts.errors import HostError
    from sandbox.images import ensure_images

    try:
        hosts = _running(stack, start=True)
        ensure_images()
    except HostError as error:
        raise CommandError(str(error)) from None
    return hosts


def sandbox_hosts(stack: StackFile) -> Hosts:
    """The sandbox's hosts, without starting them."""
    return _running(stack, start=False)


def sandbox_down(stack: StackFile) -> list[str]:
    """Remove the sandbox's hosts with everything on them; returns what was removed."""
    from sandbox.hosts.errors import HostError
    from sandbox.hosts.kubernetes import KubernetesCluster
    from sandbox.hosts.swarm import SwarmCluster

    try:
        return KubernetesCluster("kubernetes").down() if stack.platform == "kubernetes" else SwarmCluster("dev").down()
    except HostError as error:
        raise CommandError(str(error)) from None


def _running(stack: StackFile, *, start: bool) -> Hosts:
    if stack.platform == "kubernetes":
        from sandbox.hosts.kubernetes import KubernetesCluster

        cluster = KubernetesCluster("kubernetes")
        if start:
            cluster.up()
        return Hosts(
            environment={"KUBECONFIG": str(cluster.kubeconfig)},
            address=cluster.address,
            description="sandbox Kubernetes, 1 node",
        )
    from sandbox.hosts.swarm import SwarmCluster

    swarm = SwarmCluster("dev")
    if start:
        swarm.up()
    return Hosts(
        environment={"DOCKER_HOST": swarm.docker_host},
        address=swarm.hosts[0].address,
        description="sandbox Swarm, 1 host",
    )


def _address(docker_host: str) -> str:
    if docker_host.startswith(("tcp://", "ssh://")):
        return docker_host.split("://", 1)[1].rsplit("@", 1)[-1].split(":")[0]
    return "127.0.0.1"
