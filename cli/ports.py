"""Published ports of a Swarm stack that somebody else has already: told before anything is deployed."""

import socket

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kept import STACK_LABEL
from composition.kinds import published_ports
from composition.stack import Stack

CONNECT_SECONDS = 2.0


def ensure_free(settings: Stack, stack: str, hosts: Hosts) -> None:
    """Raises CommandError for a port that another stack publishes, or that something else on the host listens on."""
    with answering(hosts):
        owners = {
            port["PublishedPort"]: service["Spec"].get("Labels", {}).get(STACK_LABEL) or service["Spec"]["Name"]
            for service in docker_client(hosts).services()
            for port in service.get("Endpoint", {}).get("Ports") or []
        }
    for path, port in published_ports(settings):
        owner = owners.get(port)
        if owner is None and _listens(hosts.address, port):
            owner = f"another program on {hosts.address}"
        elif owner is not None and owner != stack:
            owner = f"stack {owner} on the same Swarm"
        if owner not in (None, stack):
            raise CommandError(f"port {port} ({path}) is taken by {owner}; free it, or choose another port.")


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
