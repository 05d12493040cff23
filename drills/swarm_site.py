"""Three Swarm hosts with the live stack."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker

from drills import small_disk
from drills.deployment import Deployment
from drills.engine import Engines
from drills.site import Member, Site
from drills.stack import HTTP_PORT, MEMBERS, live_stack
from drills.waiting import wait_for
from sandbox.hosts.host import Host
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images

PROFILE = "swarm3"
STACK = "live"
STOP_SECONDS = 60
"""For an orderly stop; longer than a cache needs to hand over."""
SERVICE_LABEL = "com.docker.swarm.service.name"


class SwarmSite(Site):
    """One container is known by `<host index>/<container id>`."""

    platform = "swarm"
    profile = PROFILE

    def __init__(self, directory: Path, engines: Engines) -> None:
        self._cluster = SwarmCluster(PROFILE).up()
        ensure_images()
        self._clients = [self._cluster.client(index) for index in range(len(self._cluster.hosts))]
        names = [host.name for host in self._cluster.hosts]
        platform = {"kind": "swarm", "nodes": names, "entry": "dns", "encrypt_overlays": False}
        settings = live_stack(platform, alerts_host=f"{STACK}-alerts")
        settings["caches"]["sessions"]["endpoint"] = True  # beside the Sentinels, which the application asks
        target = {"DOCKER_HOST": self._cluster.docker_host}
        self.deployment = Deployment(STACK, settings, engines(target), directory)

    @property
    def address(self) -> str:
        return self._cluster.hosts[0].address

    @property
    def docker_host(self) -> str:
        """The API of a manager."""
        return self._cluster.docker_host

    def docker_host_of(self, index: int) -> str:
        """The API of one host."""
        return str(self._cluster.hosts[index].docker_host)

    def address_of(self, index: int) -> str:
        """Of one host."""
        return str(self._cluster.hosts[index].address)

    @property
    def host_names(self) -> list[str]:
        """As the Swarm names its nodes, by host index."""
        return [host.name for host in self._cluster.hosts]

    def volumes(self, index: int) -> set[str]:
        """Names of the volumes on one host."""
        return {volume.name for volume in self._clients[index].volumes.list()}

    @property
    def entries(self) -> tuple[str, ...]:  # type: ignore[override]
        """One for each host that runs a proxy."""
        hosts = [int(container.split("/")[0]) for container in self.replicas("edge")]
        return tuple(f"http://{self._cluster.hosts[index].address}:{HTTP_PORT}" for index in sorted(hosts))

    def replicas(self, workload: str) -> list[str]:
        wanted = f"{STACK}-{workload}"
        return [
            f"{index}/{container.id}"
            for index, client in enumerate(self._clients)
            for container in client.containers.list(filters={"label": f"{SERVICE_LABEL}={wanted}"}, ignore_removed=True)
        ]

    def members(self, word: str) -> dict[str, Member]:
        found = [
            (container.labels[SERVICE_LABEL], Member(str(container.id), container.health == "healthy"))
            for client in self._clients
            for container in client.containers.list(filters={"label": SERVICE_LABEL}, ignore_removed=True)
        ]
        found.sort(key=lambda one: one[1].ready)  # of two with one name, the one that is ready
        return {name: member for name, member in found if re.fullmatch(rf"{STACK}-{word}-\d", name)}

    def running(self) -> dict[str, str]:
        return {
            str(container.id): str(container.name)
            for client in self._clients
            for container in client.containers.list(filters={"label": SERVICE_LABEL}, ignore_removed=True)
        }

    def containers_of(self, replica: str) -> set[str]:
        return {replica.partition("/")[2]}

    def host_of(self, replica: str) -> int:
        return int(replica.partition("/")[0])

    def entry_beside(self, host: int) -> str:
        return next(entry for entry in self.entries if f"//{self.address_of(host)}:" not in entry)

    def kill(self, replica: str) -> None:
        self._container(replica).kill()

    def kill_all(self) -> None:
        def on(client: Any) -> None:
            for container in client.containers.list(filters={"label": SERVICE_LABEL}, ignore_removed=True):
                with suppress(docker.errors.APIError):  # it ended meanwhile
                    container.kill()

        with ThreadPoolExecutor() as hosts:
            list(hosts.map(on, self._clients))

    def stop(self, replica: str) -> None:
        self._container(replica).stop(timeout=STOP_SECONDS)

    def ready_hosts(self) -> set[int]:
        for client in self._clients:
            with suppress(docker.errors.APIError):  # a host that is cut off has no quorum: ask the next
                nodes = [node.attrs for node in client.nodes.list()]
                return {
                    self.host_names.index(node["Description"]["Hostname"])
                    for node in nodes
                    if node["Status"]["State"] == "ready"
                }
        raise LookupError("no host of the Swarm answers")

    def cut(self, host: int) -> None:
        self._cluster.kill_host(host)

    def join(self, host: int) -> None:
        self._cluster.heal_host(host)
        self._cluster.wait_ready(seconds=180)

    @property
    def leader(self) -> int:
        """The index of the host that leads the Swarm."""
        nodes = self._clients[0].nodes.list()
        name = next(
            node.attrs["Description"]["Hostname"] for node in nodes if node.attrs.get("ManagerStatus", {}).get("Leader")
        )
        return self.host_names.index(name)

    def scale(self, workload: str, replicas: int) -> None:
        self._clients[0].services.get(f"{STACK}-{workload}").scale(replicas)

    def member(self, word: str, ordinal: int) -> str:
        return self.replicas(f"{word}-{ordinal}")[0]

    def lose_volume(self, word: str, ordinal: int) -> None:
        index = int(self.member(word, ordinal).split("/")[0])
        name = f"{STACK}-{word}-{ordinal}"
        self._clients[0].services.get(name).scale(0)
        wait_for(f"{name} is stopped and its volume removed", lambda: self._removed(index, name), seconds=120)
        self._clients[0].services.get(name).scale(1)

    def make_small(self, word: str, ordinal: int, size_bytes: int) -> None:
        """Stop a member, and let it come back with what it had, on a volume of that size."""
        self._with_volume(word, ordinal, lambda host, data: small_disk.put(host, data, size_bytes))

    def make_large(self, word: str, ordinal: int) -> None:
        """The same, with the volume that it had before."""
        self._with_volume(word, ordinal, small_disk.take_back)

    def free(self, word: str, ordinal: int, name: str) -> None:
        """Remove a file from a member's volume, whether or not the member runs."""
        index, data = self._volume(word, ordinal)
        self._cluster.hosts[index].run("rm", "-f", f"{data}/{name}")

    def _with_volume(self, word: str, ordinal: int, change: Callable[[Host, Path], None]) -> None:
        index, data = self._volume(word, ordinal)
        service = f"{STACK}-{word}-{ordinal}"
        self._clients[0].services.get(service).scale(0)
        wait_for(f"{service} is stopped", lambda: self._unused(index, service), seconds=120)
        try:
            change(self._cluster.hosts[index], data)
        finally:
            self._clients[0].services.get(service).scale(1)

    def _volume(self, word: str, ordinal: int) -> tuple[int, Path]:
        """Of a member: its host, and its directory there."""
        name = f"{STACK}-{word}-{ordinal}"
        index = next(index for index in range(len(self._clients)) if name in self.volumes(index))
        return index, Path(self._clients[index].volumes.get(name).attrs["Mountpoint"])

    def _unused(self, index: int, volume: str) -> bool:
        containers = self._clients[index].containers.list(filters={"volume": volume}, ignore_removed=True)
        return not containers

    def hold_down(self, word: str, held: int) -> None:
        for ordinal in range(MEMBERS):
            wanted = 0 if ordinal >= MEMBERS - held else 1
            self._clients[0].services.get(f"{STACK}-{word}-{ordinal}").scale(wanted)

    def _removed(self, index: int, volume: str) -> bool:
        """A volume in use cannot be removed; a container that has ended still uses it."""
        client = self._clients[index]
        for container in client.containers.list(all=True, filters={"volume": volume}, ignore_removed=True):
            if container.status != "running":
                container.remove()
        client.volumes.get(volume).remove()
        return True

    def image_of(self, workload: str) -> set[str]:
        images = set()
        for replica in self.replicas(workload):
            with suppress(docker.errors.NotFound):  # it was removed meanwhile
                images.add(self._container(replica).attrs["Config"]["Image"])
        return images

    def run_in(self, replica: str, command: list[str]) -> str:
        done = self._container(replica).exec_run(command)
        text: str = done.output.decode(errors="replace")
        return text

    def beside(self, replica: str) -> list[str]:
        process = self._container(replica).attrs["State"]["Pid"]  # as its host numbers it
        return self._cluster.hosts[self.host_of(replica)].enter("nsenter", "-t", str(process), "-n", "--")

    def plain_texts(self) -> dict[str, str]:
        api = self._clients[0].api
        texts = {
            "services": json.dumps(api.services()),
            "tasks": json.dumps(api.tasks()),
            "configs": json.dumps(api.configs()),
            "networks": json.dumps(api.networks()),
        }
        for index, client in enumerate(self._clients):
            for container in client.containers.list(all=True, ignore_removed=True):
                place = f"host{index + 1}/{container.name}"
                texts[f"{place} inspect"] = json.dumps(container.attrs)
                with suppress(docker.errors.APIError):  # it was removed, or has ended, meanwhile
                    texts[f"{place} log"] = container.logs().decode(errors="replace")
                    if container.status == "running":
                        texts[f"{place} processes"] = json.dumps(container.top(ps_args="-eo pid,args"))
        return texts

    @staticmethod
    def is_up() -> bool:
        return any(host.init() for host in SwarmCluster(PROFILE).hosts)

    @staticmethod
    def clear() -> None:
        SwarmCluster(PROFILE).down()

    def keep_logs(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        services = {service.id: service.name for service in self._clients[0].services.list()}
        lines = [
            f"{services.get(task['ServiceID'], '?')} {task['Status']['State']} {task['Status'].get('Err', '')}"
            for task in self._clients[0].api.tasks()
        ]
        (directory / "tasks.txt").write_text("\n".join(sorted(lines)) + "\n")
        for index, client in enumerate(self._clients):
            for container in client.containers.list(all=True, ignore_removed=True):
                with suppress(docker.errors.APIError):  # it was removed meanwhile
                    text = container.logs(tail=2000, timestamps=True).decode(errors="replace")
                    (directory / f"host{index + 1}-{container.name[:60]}.log").write_text(text)

    def _container(self, replica: str) -> Any:
        index, identifier = replica.split("/")
        return self._clients[int(index)].containers.get(identifier)
