"""Where the system is deployed: a host that the session has, and what a person and a cloud do there."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.swarm import SwarmCluster
from tests.live.published.removal import removed_together
from tests.live.published.stack import STACK, kubernetes, swarm

NAMESPACE = f"ha-platform-{STACK}"


class Place(ABC):
    """One platform, with one host."""

    platform: dict[str, Any]
    address: str
    """Of the host, where published ports answer."""
    client: str
    """The address from which this machine connects."""
    environment: dict[str, str]

    @abstractmethod
    def run_in(self, app: str, command: list[str]) -> str:
        """What a command prints in a replica."""

    @contextmanager
    def going_up(self) -> Iterator[None]:
        """What has to be at work while the stack goes up."""
        yield

    @contextmanager
    def going_down(self) -> Iterator[None]:
        """What is done around a `destroy`."""
        yield


class OnSwarm(Place):
    """The development host."""

    def __init__(self, cluster: SwarmCluster) -> None:
        host = cluster.hosts[0]
        self.platform = swarm(host.name)
        self.address, self.client = host.address, cluster.profile.machine_address
        self.environment = {"DOCKER_HOST": cluster.docker_host}
        self._client = cluster.client()

    def run_in(self, app: str, command: list[str]) -> str:
        label = f"com.docker.swarm.service.name={STACK}-{app}"
        container = self._client.containers.list(filters={"label": label})[0]
        return str(container.exec_run(command).output.decode())

    @contextmanager
    def going_down(self) -> Iterator[None]:
        with removed_together(self._client, STACK):
            yield


class OnKubernetes(Place):
    """The one-node cluster, with the platform of the example's README: root by name, and a cloud's balancer."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        self.platform = kubernetes()
        self.address, self.client = cluster.address, cluster.profile.machine_address
        self.environment = {"KUBECONFIG": str(cluster.kubeconfig)}
        self._cluster = cluster

    def run_in(self, app: str, command: list[str]) -> str:
        return self._cluster.kubectl(["--namespace", NAMESPACE, "exec", f"deployment/{app}", "--", *command])

    @contextmanager
    def going_up(self) -> Iterator[None]:
        """A cloud gives balancers their address: here the node's own, which kube-proxy then takes connections for."""
        done = threading.Event()
        cloud = threading.Thread(target=self._give_addresses, args=(done,), daemon=True)
        cloud.start()
        try:
            yield
        finally:
            done.set()
            cloud.join()

    def _give_addresses(self, done: threading.Event) -> None:
        given = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": self.address}]}}})
        while not done.wait(1):
            try:
                found = json.loads(self._cluster.kubectl(["--namespace", NAMESPACE, "get", "services", "-o", "json"]))
                for service in found["items"]:
                    if service["spec"]["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]:
                        patch = ["patch", "service", service["metadata"]["name"], "--subresource=status", "-p", given]
                        self._cluster.kubectl(["--namespace", NAMESPACE, *patch])
            except HostError:
                continue  # the namespace is not there yet
