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


def update_service(client: Any, service_id: str, service: dict[str, Any]) -> None:
    """Send the spec of `service`, which was changed after it was inspected."""
    url, version = client._url("/services/{0}/update", service_id), service["Version"]["Index"]
    # docker-py's own update_service drops fields that it does not know.
    client._raise_for_status(client._post_json(url, data=service["Spec"], params={"version": version}))


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
_REASONS = (
    ("not a swarm manager", "it is not a manager of a Swarm: run `docker swarm init` there, or name a manager"),
    ("No such file", "there is no such file or socket: start it, or name another"),
    ("Permission denied", "permission denied: use `sudo`, or name another"),
    ("refused", "connection refused: start it, or name another"),
    ("timed out", "no answer in time: start it, or name another"),
    ("Name or service not known", "unknown host name: name another"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not signed by the kubeconfig's authority: name another"),
)
"""What the clients' long texts hold, and what it means for the person."""


@contextmanager
def answering(hosts: Hosts) -> Iterator[None]:
    """What the clients raise inside, as one sentence. (Importing all of them to name their errors takes a second.)"""
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0] not in _CLIENT_PACKAGES and not isinstance(error, OSError):
            raise
        text = str(error) or type(error).__name__
        known = next((reason for sign, reason in _REASONS if sign in text), text.splitlines()[0])
        raise CommandError(f"the {hosts.description} cannot be used: {known}.") from None
