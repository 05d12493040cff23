"""Where a published port is reached from outside, and how where it is not."""

import shlex
import time
from collections.abc import Sequence
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.errors import CommandError
from cli.hosts import Hosts

BALANCER_SECONDS = 300
"""How long a cloud may take to give a balancer its address."""
_OUTSIDE = ("NodePort", "LoadBalancer")


class Entries:
    """The published ports of a deployed stack; `resources` are those of its state."""

    def __init__(self, platform: str, hosts: Hosts, resources: Sequence[dict[str, Any]]) -> None:
        self._hosts = hosts
        self._client = kubernetes_api(hosts) if platform == "kubernetes" else None
        services = [resource for resource in resources if resource["type"] == "kubernetes:core/v1:Service"]
        self._services = [
            resource["id"].split("/") for resource in services if resource["inputs"]["spec"].get("type") in _OUTSIDE
        ]
        self._namespaces = {name: namespace for namespace, name in (one["id"].split("/") for one in services)}

    def of(self, port: int) -> tuple[str, int] | None:
        """Host and port at which a published port answers; None when only the cluster's inside reaches it."""
        if self._client is None:
            return self._hosts.address, port
        with answering(self._hosts):
            for namespace, name in self._services:
                service = self._client.CoreV1Api().read_namespaced_service(name, namespace)
                for published in service.spec.ports:
                    if published.port == port and service.spec.type == "NodePort":
                        return self._hosts.address or self._node(), published.node_port
                    if published.port == port:
                        return self._balancer(namespace, name), port
        return None

    def for_operators(self, word: str, port_name: str, published: int) -> str:
        """The URL of a page for operators, or the command that brings it to one's own machine."""
        if entry := self.of(published):
            return f"http://{entry[0]}:{entry[1]}/"
        cluster = {"--kubeconfig": self._hosts.kubeconfig, "--context": self._hosts.context}
        named = [part for option, value in cluster.items() if value for part in (option, value)]
        port_forward = ["--namespace", self._namespaces[word], "port-forward", f"service/{word}"]
        return shlex.join(["kubectl", *named, *port_forward, f"{published}:{port_name}"])

    def _node(self) -> str:
        """An address of a node: one for the outside where there is one."""
        assert self._client is not None
        addresses = self._client.CoreV1Api().list_node().items[0].status.addresses
        by_kind = {address.type: address.address for address in addresses}
        return str(by_kind.get("ExternalIP") or by_kind["InternalIP"])

    def _balancer(self, namespace: str, name: str) -> str:
        assert self._client is not None
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
