"""A Docker Swarm on the sandbox's hosts: one daemon each, every host a manager."""

from collections.abc import Callable
from functools import partial

import docker
import requests.exceptions

from sandbox.hosts import preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.lock import exclusive
from sandbox.hosts.profiles import Profile, profile, sandbox_dir
from sandbox.hosts.waiting import wait_until

PACKAGES = {"docker.io": "dockerd", "containerd": "containerd", "crun": "crun"}
OVERLAY_POOL = "10.80.0.0/16"
"""Overlay networks get their subnets from here, a /24 each."""

_FAILURES = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)


class SwarmCluster:
    """The Swarm of one profile (`dev`: one host, `swarm3`: three), by name or as it is."""

    def __init__(self, of: str | Profile) -> None:
        self.profile = profile(of) if isinstance(of, str) else of
        if self.profile.kind != "swarm":
            raise HostError(f"profile '{self.profile.name}' is not for Swarm but for {self.profile.kind}")
        self._all = Hosts(self.profile)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts in order: `.name`, `.address` and `.docker_host` of each."""
        return self._all.hosts

    @property
    def docker_host(self) -> str:
        """The first host's daemon, for DOCKER_HOST."""
        return self.hosts[0].docker_host

    def client(self, index: int = 0) -> docker.DockerClient:
        """A client of host `index` (from 0)."""
        return docker.DockerClient(base_url=self.hosts[index].docker_host, timeout=60)

    def up(self) -> "SwarmCluster":
        """Start what does not run, join what has not joined, and wait until every host is ready. Idempotent."""
        preflight.require()
        with exclusive(sandbox_dir()):
            self._all.up(PACKAGES)
            for host in self.hosts:
                self._all.heal(host)
                host.spawn("dockerd", _daemon(host))
            for host in self.hosts:
                _wait_for_daemon(host)
            self._join_all()
            self.wait_ready()
            self._label()
        return self

    def down(self) -> list[str]:
        """Remove the whole Swarm with everything it ran; returns what was removed."""
        preflight.require()
        with exclusive(sandbox_dir()):
            return self._all.down()

    def kill_host(self, index: int) -> None:
        """Cut host `index` (from 0) off the network; its containers go on, alone."""
        self._all.cut(self.hosts[index])

    def heal_host(self, index: int) -> None:
        """Join a cut host again."""
        self._all.heal(self.hosts[index])

    def wait_ready(self, seconds: float = 60) -> None:
        """Return once the Swarm sees every host ready; HostError after `seconds`."""
        self._wait("every host is ready", self._all_ready, seconds)

    def status(self) -> list[dict[str, str]]:
        """One row a host: name, address, whether it runs, its link, and what the Swarm says of it."""
        states = self._node_states() if any(host.runs("dockerd") for host in self.hosts) else {}
        return [
            {
                "host": host.name,
                "address": host.address,
                "daemon": "running" if host.init() and host.runs("dockerd") else "stopped",
                "link": ("up" if self._all.is_linked(host) else "cut") if host.init() else "-",
                "swarm": states.get(host.name, "-"),
                "docker_host": host.docker_host,
            }
            for host in self.hosts
        ]

    def _join_all(self) -> None:
        first = self.client()
        if first.info()["Swarm"]["LocalNodeState"] != "active":
            first.swarm.init(
                advertise_addr=self.hosts[0].address,
                listen_addr=f"{self.hosts[0].address}:2377",
                default_addr_pool=[OVERLAY_POOL],
                subnet_size=24,
            )
        for index, host in enumerate(self.hosts[1:], start=1):
            self._wait(f"{host.name} joined", partial(self._join, first, self.client(index), host), 60)

    def _join(self, first: docker.DockerClient, client: docker.DockerClient, host: Host) -> bool:
        if client.info()["Swarm"]["LocalNodeState"] == "active":
            return True
        first.swarm.reload()
        token = first.swarm.attrs["JoinTokens"]["Manager"]
        manager = f"{self.hosts[0].address}:2377"
        joined: bool = client.swarm.join([manager], token, f"{host.address}:2377", host.address)
        return joined

    def _label(self) -> None:
        """Every node carries its host's name as the label `host`."""

        def labelled() -> bool:
            for node in self.client().nodes.list():
                spec = node.attrs["Spec"]
                name = node.attrs["Description"]["Hostname"]
                if spec.get("Labels", {}).get("host") != name:
                    node.update({**spec, "Labels": {**spec.get("Labels", {}), "host": name}})
            return True

        self._wait("the nodes are labelled", labelled, 30)

    def _all_ready(self) -> bool:
        return self._node_states() == dict.fromkeys((host.name for host in self.hosts), "ready")

    def _node_states(self) -> dict[str, str]:
        for index, host in enumerate(self.hosts):
            if not host.runs("dockerd"):
                continue
            try:
                nodes = self.client(index).nodes.list()
            except _FAILURES:
                continue  # a host that was cut off has no quorum: ask the next
            return {node.attrs["Description"]["Hostname"]: node.attrs["Status"]["State"] for node in nodes}
        return {}

    def _wait(self, what: str, condition: Callable[[], object], seconds: float) -> None:
        """Wait for a condition, through the moments in which the Swarm has no leader."""

        def holds() -> bool:
            try:
                return bool(condition())
            except _FAILURES:
                return False

        try:
            wait_until(holds, what, seconds, every=0.2)
        except TimeoutError as error:
            logs = self.profile.directory / "host1/logs/dockerd.log"
            raise HostError(f"Swarm '{self.profile.name}': {error}; see {logs}") from None


def _daemon(host: Host) -> list[str]:
    return [
        "dockerd",
        f"--host={host.docker_host}",
        f"--data-root={host.directory}/docker",
        "--exec-root=/run/docker",
        "--pidfile=/run/docker.pid",
        f"--dns={host.address}",
        f"--cgroup-parent={host.profile.cgroup}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        # It takes half the processor time of runc for a command in a container, and health checks are such commands.
        "--add-runtime=crun=/usr/bin/crun",
        "--default-runtime=crun",
        "--log-opt=max-size=10m",
        "--group=root",
    ]


def _wait_for_daemon(host: Host) -> None:
    def answers() -> bool:
        if not host.runs("dockerd"):
            raise HostError(f"{host.profile.name}/{host.name}: dockerd ended at once: {host.last_log('dockerd')}")
        try:
            return bool(docker.DockerClient(base_url=host.docker_host, timeout=5).ping())
        except _FAILURES:
            return False

    try:
        wait_until(answers, "dockerd answers", 60)
    except TimeoutError as error:
        log = host.directory / "logs/dockerd.log"
        raise HostError(f"{host.profile.name}/{host.name}: {error}; see {log}") from None
