"""Where the published ports of a Swarm stack answer: at the hosts that run the tasks which publish them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from cli.clients import answering, docker_client
from cli.entry import Address, Entries
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kept import STACK_LABEL

_UNKNOWN = ("", "0.0.0.0", "127.0.0.1", "::", "::1")
"""What a node calls its address when it never had to tell it to another."""
_IN_A_MACHINE_OF_ITS_OWN = "Docker Desktop"
"""Its node has an address in a virtual machine, and its ports are those of this machine."""


class HostPorts(Entries):
    """Ports of a stack's tasks. The Swarm says which hosts run them and how it reaches these."""

    def __init__(self, hosts: Hosts, stack: str) -> None:
        self._hosts = hosts
        self._stack = stack

    def of(self, port: int) -> Sequence[Address]:
        """One for each host that runs a task with the port. Raises CommandError when none does."""
        if not (addresses := self._known(port)):
            raise CommandError(f"no task of stack {self._stack} that publishes port {port} runs on the Swarm.")
        return addresses

    def for_operators(self, word: str, port_name: str, published: int, scheme: str = "http") -> str:
        """The first of these hosts; the manager's where none runs it yet."""
        del word, port_name
        addresses = self._known(published) or [Address(self._hosts.address, published)]
        return addresses[0].url(scheme)

    def _known(self, port: int) -> list[Address]:
        return [Address(host, port) for host in self._by_port.get(port, ())]

    @cached_property
    def _by_port(self) -> Mapping[int, Sequence[str]]:
        with answering(self._hosts):
            client = docker_client(self._hosts)
            services = client.services({"label": f"{STACK_LABEL}={self._stack}"})
            tasks = client.tasks({"desired-state": "running"})
            addresses = self._addresses(client.info(), client.nodes())
        found: dict[int, list[str]] = {}
        for service in services:
            nodes = sorted(_running_on(tasks, service["ID"]) & addresses.keys())
            for port in service.get("Endpoint", {}).get("Ports") or []:
                hosts = [host for node in nodes for host in addresses[node]]
                found.setdefault(port["PublishedPort"], []).extend(dict.fromkeys(hosts))
        return found

    def _addresses(self, info: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
        """Node -> at which addresses to try it, best first."""
        own = info["Swarm"]["NodeID"]
        named = self._hosts.address  # this machine's for a socket
        found = {}
        for node in nodes:
            known = [address for address in _of_node(node) if address not in _UNKNOWN]
            if node["ID"] == own and (self._remote or info.get("OperatingSystem") == _IN_A_MACHINE_OF_ITS_OWN):
                found[node["ID"]] = [named, *known]
            else:
                found[node["ID"]] = known or ([named] if node["ID"] == own else [])
        return {node: list(dict.fromkeys(hosts)) for node, hosts in found.items()}

    @property
    def _remote(self) -> bool:
        return (self._hosts.docker_host or "").startswith(("tcp://", "ssh://"))


def _of_node(node: Mapping[str, Any]) -> Iterator[str]:
    """As the Swarm reaches the node. A manager that leads does not know its own but as a manager."""
    yield node["Status"].get("Addr", "")
    yield node.get("ManagerStatus", {}).get("Addr", "").rpartition(":")[0].strip("[]")


def _running_on(tasks: Sequence[Mapping[str, Any]], service: str) -> set[str]:
    return {
        task["NodeID"]
        for task in tasks
        if task["ServiceID"] == service and task["Status"]["State"] == "running" and "NodeID" in task
    }
