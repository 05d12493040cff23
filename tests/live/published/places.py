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
    """One platform."""

    platform: dict[str, Any]
    client: str
    """The address from which this machine connects."""
    environment: dict[str, str]

    @property
    @abstractmethod
    def address(self) -> str:
        """Of a host where published ports answer."""

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
        self._address, self.client = host.address, cluster.profile.machine_address
        self.environment = {"DOCKER_HOST": cluster.docker_host}
        self._client = cluster.client()

    @property
    def address(self) -> str:
        return self._address

    def run_in(self, app: str, command: list[str]) -> str:
        label = f"com.docker.swarm.service.name={STACK}-{app}"
        container = self._client.containers.list(filters={"label": label})[0]
        return str(container.exec_run(command).output.decode())

    @contextmanager
    def going_down(self) -> Iterator[None]:
        with removed_together(self._client, STACK):
            yield


class OnKubernetes(Place):
    """The cluster, with the platform of the example's README: root by name, and a cloud's balancer."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        self.platform = kubernetes(len(cluster.hosts))
        self.client = cluster.profile.machine_address
        self.environment = {"KUBECONFIG": str(cluster.kubeconfig)}
        self._cluster = cluster

    @property
    def address(self) -> str:
        """The node of the balancer's replica: a cloud sends to no other."""
        pods = self._kubectl("get", "pods", "-l", "app.kubernetes.io/name=edge", "-o", "json")
        return str(json.loads(pods)["items"][0]["status"]["hostIP"])

    def run_in(self, app: str, command: list[str]) -> str:
        return self._kubectl("exec", f"deployment/{app}", "--", *command)

    @contextmanager
    def going_up(self) -> Iterator[None]:
        """A cloud gives balancers addresses: here the nodes' own, which kube-proxy then takes connections for."""
        done = threading.Event()
        cloud = threading.Thread(target=self._give_addresses, args=(done,), daemon=True)
        cloud.start()
        try:
            yield
        finally:
            done.set()
            cloud.join()

    def _give_addresses(self, done: threading.Event) -> None:
        ingress = [{"ip": host.address} for host in self._cluster.hosts]
        given = json.dumps({"status": {"loadBalancer": {"ingress": ingress}}})
        while not done.wait(1):
            try:
                found = json.loads(self._kubectl("get", "services", "-o", "json"))
                for service in found["items"]:
                    if service["spec"]["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]:
                        self._kubectl(
                            "patch", "service", service["metadata"]["name"], "--subresource=status", "-p", given
                        )
            except HostError:
                continue  # the namespace is not there yet

    def _kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(["--namespace", NAMESPACE, *arguments])
