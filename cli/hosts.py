"""The hosts a stack runs on: the sandbox's for stacks of sandbox images, otherwise what the stack or the environment
names."""

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
    docker_host: str | None = None
    """The manager's Docker API; None: Docker's default socket, or no Swarm."""
    kubeconfig: str | None = None
    """None: the default one, or no Kubernetes."""
    context: str | None = None
    sandbox: bool = False


def hosts_of(stack: StackFile) -> Hosts:
    """Where `stack` runs; nothing is started."""
    given = os.environ.get("HOST", "")
    if stack.platform == "kubernetes":
        if given:
            raise CommandError("HOST names a Docker host, but this stack is for Kubernetes; set KUBECONFIG instead.")
        return _kubernetes(stack)
    docker_host = given or stack.platform_setting("host") or os.environ.get("DOCKER_HOST") or None
    if docker_host is None and stack.sandbox:
        return _sandbox_swarm()
    return Hosts(
        environment={"DOCKER_HOST": docker_host} if docker_host else {},
        address=_address(docker_host or ""),
        description=f"Docker host {docker_host or 'of the default socket'}",
        docker_host=docker_host,
    )


def _kubernetes(stack: StackFile) -> Hosts:
    named = stack.platform_setting("kubeconfig") or None
    if stack.sandbox and not (named or os.environ.get("KUBECONFIG")):
        # The sandbox needs Linux and root; people with hosts of their own must not need its imports.
        from sandbox.hosts.kubernetes import KubernetesCluster

        cluster = KubernetesCluster("kubernetes")
        kubeconfig = str(cluster.kubeconfig)
        return Hosts(
            environment={"KUBECONFIG": kubeconfig},
            address=cluster.address,
            description=f"sandbox Kubernetes, 1 node at {cluster.address}",
            kubeconfig=kubeconfig,
            sandbox=True,
        )
    return Hosts(
        environment={},
        address="",
        description=f"cluster of {named or os.environ.get('KUBECONFIG') or '~/.kube/config'}",
        kubeconfig=named,
        context=stack.platform_setting("context") or None,
    )


def _sandbox_swarm() -> Hosts:
    from sandbox.hosts.host import Host
    from sandbox.hosts.profiles import profile

    host = Host(profile("dev"), 1)
    return Hosts(
        environment={"DOCKER_HOST": host.docker_host},
        address=host.address,
        description=f"sandbox Swarm, 1 host at {host.address}",
        docker_host=host.docker_host,
        sandbox=True,
    )


def _address(docker_host: str) -> str:
    if docker_host.startswith(("tcp://", "ssh://")):
        return docker_host.split("://", 1)[1].rsplit("@", 1)[-1].split("/")[0].split(":")[0]
    return "127.0.0.1"
