"""Where the Services of a stack are reached."""

import shlex
import time
from collections.abc import Sequence

from cli.clients import answering, kubernetes_api
from cli.entry import Address, Entries
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.operations import Resources

BALANCER_SECONDS = 300
"""How long a cloud may take to give a balancer its address."""
_OUTSIDE = ("NodePort", "LoadBalancer")


class ServiceEntries(Entries):
    """Services of the kinds that the outside reaches; what has none is reached through the API server."""

    def __init__(self, hosts: Hosts, resources: Resources) -> None:
        self._hosts = hosts
        self._client = kubernetes_api(hosts)
        services = [resource for resource in resources if resource["type"] == "kubernetes:core/v1:Service"]
        self._services = [
            resource["id"].split("/") for resource in services if resource["inputs"]["spec"].get("type") in _OUTSIDE
        ]
        self._namespaces = {name: namespace for namespace, name in (one["id"].split("/") for one in services)}

    def of(self, port: int) -> Sequence[Address]:
        """A node port answers at every node; a cloud's balancer at its own address."""
        with answering(self._hosts):
            for namespace, name in self._services:
                service = self._client.CoreV1Api().read_namespaced_service(name, namespace)
                for published in service.spec.ports:
                    if published.port == port and service.spec.type == "NodePort":
                        return [Address(node, published.node_port) for node in self._nodes()]
                    if published.port == port:
                        return [Address(self._balancer(namespace, name), port)]
        return []

    def for_operators(self, word: str, port_name: str, published: int, scheme: str = "http") -> str:
        """The URL of a page for operators, or the command that brings it to one's own machine."""
        if addresses := self.of(published):
            return addresses[0].url(scheme)
        cluster = {"--kubeconfig": self._hosts.kubeconfig, "--context": self._hosts.context}
        named = [part for option, value in cluster.items() if value for part in (option, value)]
        port_forward = ["--namespace", self._namespaces[word], "port-forward", f"service/{word}"]
        return shlex.join(["kubectl", *named, *port_forward, f"{published}:{port_name}"])

    def _nodes(self) -> list[str]:
        """An address of each node that is ready: one for the outside where it has one. Those come first."""
        if self._hosts.address:
            return [self._hosts.address]
        outside, inside = [], []
        for node in self._client.CoreV1Api().list_node().items:
            conditions = {condition.type: condition.status for condition in node.status.conditions or []}
            addresses = {address.type: address.address for address in node.status.addresses}
            if conditions.get("Ready") == "True" and "ExternalIP" in addresses:
                outside.append(str(addresses["ExternalIP"]))
            elif conditions.get("Ready") == "True" and "InternalIP" in addresses:
                inside.append(str(addresses["InternalIP"]))
        return outside + inside

    def _balancer(self, namespace: str, name: str) -> str:
        deadline = time.monotonic() + BALANCER_SECONDS
        while time.monotonic() < deadline:
            service = self._client.CoreV1Api().read_namespaced_service(name, namespace)
            for given in service.status.load_balancer.ingress or []:
                return str(given.ip or given.hostname)
            time.sleep(2)
        raise CommandError(
            f"the cluster gave Service {namespace}/{name} no address within {BALANCER_SECONDS} s; it may have no "
            "balancers: set platform.entry to node-port."
        )
