"""Connections of the commands to what runs a stack; a fault is one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cli.errors import CommandError
from cli.hosts import Hosts


def docker_client(hosts: Hosts) -> Any:
    """A client of the stack's Docker host."""
    import docker

    host = hosts.docker_host or "unix:///var/run/docker.sock"
    with answering(hosts):
        return docker.APIClient(base_url=host, version="auto", timeout=30)


def kubernetes_api(hosts: Hosts) -> Any:
    """The kubernetes package's `client`, bound to the stack's cluster."""
    import kubernetes

    with answering(hosts):
        loader: Any = kubernetes.config  # it has no annotations
        loader.load_kube_config(config_file=hosts.kubeconfig or os.environ.get("KUBECONFIG"), context=hosts.context)
        settings = kubernetes.client.Configuration.get_default_copy()
        settings.retries = False
        kubernetes.client.Configuration.set_default(settings)
    return kubernetes.client


_CLIENT_PACKAGES = ("docker", "requests", "urllib3", "kubernetes", "yaml")


@contextmanager
def answering(hosts: Hosts) -> Iterator[None]:
    """What the clients raise inside, as one sentence. (Importing all of them to name their errors takes a second.)"""
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0] not in _CLIENT_PACKAGES and not isinstance(error, OSError):
            raise
        lines = str(error).splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise CommandError(f"the {hosts.description} does not answer ({reason}); start it, or name another.") from None
