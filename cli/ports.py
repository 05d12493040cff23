"""Published ports of a Swarm stack that somebody else has already: told before anything is deployed."""

import socket
import time
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kept import STACK_LABEL
from composition.kinds import published_ports
from composition.stack import Stack

CONNECT_SECONDS = 2.0
ENDING_SECONDS = 60.0
"""How long a container of a service that was removed may take to end: longer than the stop grace of most."""
_POLL_SECONDS = 0.5


def ensure_free(settings: Stack, stack: str, hosts: Hosts) -> None:
    """Raises CommandError for a port that another stack publishes, or that something else on the host listens on.

    A container of this stack whose service is gone already is waited for.
    """
    with answering(hosts):
        client = docker_client(hosts)
        owners = {
            port["PublishedPort"]: service["Spec"].get("Labels", {}).get(STACK_LABEL) or service["Spec"]["Name"]
            for service in client.services()
            for port in service.get("Endpoint", {}).get("Ports") or []
        }
        deadline = time.monotonic() + ENDING_SECONDS
        for path, port in published_ports(settings):
            owner = owners.get(port)
            if owner == stack:
                continue
            if owner is not None:
                owner = f"stack {owner} on the same Swarm"
            while owner is None and _listens(hosts.address, port):
                ending = _container(client, port)
                if ending is None:
                    owner = f"another program on {hosts.address}"
                elif ending[1] != stack or time.monotonic() > deadline:
                    owner = f"container {ending[0]} on {hosts.address}"
                else:
                    time.sleep(_POLL_SECONDS)
            if owner is not None:
                raise CommandError(f"port {port} ({path}) is taken by {owner}; free it, or choose another port.")


def _container(client: Any, port: int) -> tuple[str, str] | None:
    """The name and the stack of the container that publishes `port` on the host that the commands talk to."""
    for one in client.containers():
        if any(each.get("PublicPort") == port for each in one.get("Ports") or []):
            return one["Names"][0].lstrip("/"), (one.get("Labels") or {}).get(STACK_LABEL, "")
    return None


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
