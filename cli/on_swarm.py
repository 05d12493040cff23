"""The commands on a Docker Swarm."""

from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPConnection
from typing import Any

from cli import kept, lost, own_docker, owners, ports, swarm_jobs, swarm_logs, swarm_recover, swarm_restart, swarm_run
from cli.clients import answering, docker_client, update_service
from cli.entry import Entries
from cli.hosts import Hosts, docker_hosts
from cli.kept import JOB_LABEL
from cli.killed import KilledRun
from cli.leftovers import SAID_SO, Leftovers
from cli.logs import Asked, Source
from cli.node_devices import check_devices
from cli.node_labels import check_labels
from cli.operations import Operations, Resources
from cli.owners import Owned
from cli.progress import say
from cli.reasons import Watch
from cli.status import Row, component_of
from cli.swarm_entries import HostPorts
from cli.swarm_reasons import FailedTasks
from cli.web import SECONDS, Opener
from cli.workloads import UPDATE_SECONDS, Workload
from composition.stack import Stack
from platforms.swarm.settings import SwarmSettings
from settings.types import whole_seconds

SERVICE = "docker:index/service:Service"
COMPONENT_LABEL = "ha-platform.component"
SCALING_LABEL = "ha-platform.scaling"
"""`<least>-<most>`, on a service whose count the scaler sets."""


class OnSwarm(Operations):
    """Services of a Swarm, volumes of its nodes, ports of its hosts."""

    profile = "dev"

    def _hosts(self) -> Hosts:
        """HOST, the stack file, DOCKER_HOST; else the sandbox for stacks of sandbox images, or the default socket."""
        platform = self.stack.platform
        assert isinstance(platform, SwarmSettings)
        hosts = docker_hosts(platform.host)
        return _sandbox() if hosts.docker_host is None and self.stack.sandbox else hosts

    def docker(self) -> Hosts:
        return self.hosts

    def cluster(self) -> Any:
        from sandbox.hosts.swarm import SwarmCluster

        return SwarmCluster(self.profile)

    def prepare(self, settings: Stack) -> None:
        own_docker.prepare(settings, self.hosts)

    def check_hosts(self, settings: Stack) -> None:
        check_labels(settings, self.hosts)
        check_devices(settings, self.hosts)

    def check_ports(self, settings: Stack) -> None:
        ports.ensure_free(settings, self.stack.name, self.hosts)

    def entries(self, resources: Resources) -> Entries:
        del resources
        return HostPorts(self.hosts, self.stack.name)

    def running(self) -> dict[str, str]:
        with answering(self.hosts):
            return kept.services(self.hosts, self.stack.name)

    def rows(self, resources: Resources) -> Iterable[Row]:
        with answering(self.hosts):
            return list(_rows(resources, self.hosts))

    def lost(self, resources: Resources) -> list[str]:
        with answering(self.hosts):
            return lost.on_swarm(resources, self.hosts)

    def rescale(self, row: Row) -> None:
        with answering(self.hosts):
            client = docker_client(self.hosts)
            service = client.inspect_service(row.id)
            service["Spec"]["Mode"]["Replicated"]["Replicas"] = row.wanted
            update_service(client, row.id, service)

    def workloads(self, resources: Resources) -> list[Workload]:
        return [_workload(resource) for resource in resources if resource["type"] == SERVICE and "id" in resource]

    def logs(self, workload: Workload, asked: Asked) -> Source:
        return swarm_logs.source(workload, self.hosts, asked)

    def restart(self, workload: Workload) -> None:
        swarm_restart.restart(workload, self.hosts)

    def watch(self) -> Watch:
        return FailedTasks(self.stack.name, self.hosts)

    def take_up(self, killed: KilledRun) -> list[dict[str, Any]]:
        return swarm_recover.take_up(killed, self.stack.name, self.hosts)

    def close_failed_jobs(self) -> list[str]:
        return swarm_jobs.close_failed(self.stack.name, self.hosts)

    def host(self, workload: Workload) -> str:
        return workload.name

    def run_beside(self, workload: Workload, verb: str, command: Sequence[str], seconds: float) -> tuple[int, str]:
        return swarm_run.run(workload, verb, command, seconds, self.hosts)

    def opener(self, resources: Resources, workload: Workload, port: int, published: int) -> Opener:
        del workload, port
        (address, *_) = self.entries(resources).of(published)
        return lambda: HTTPConnection(address.host, address.port, timeout=SECONDS)

    def owned(self, resources: Resources) -> Iterable[Owned]:
        return owners.on_services(resources)

    def leftovers(self, resources: Resources) -> Leftovers:
        return _Volumes(self.hosts, self.stack.name, resources, keeps_data=self.stack.keeps_data)


class _Volumes(Leftovers):
    """Volumes, which the tasks of services made on their nodes."""

    def __init__(self, hosts: Hosts, stack: str, resources: Resources, *, keeps_data: bool) -> None:
        super().__init__(keeps_data=keeps_data)
        self._hosts = hosts
        self._stack = stack
        self._volumes = kept.volumes(resources)

    def settle(self) -> None:
        with answering(self._hosts):
            if self.keeps_data:
                for name in kept.on_host(self._hosts, self._stack, self._volumes):
                    say(f"down: kept volume {name}, {SAID_SO}; `docker volume rm {name}` removes it")
                    self.kept.append(f"volume {name}")
            else:
                for name in kept.remove(self._hosts, self._stack, self._volumes):
                    say(f"down: removed volume {name}")
                for name in kept.on_host(self._hosts, self._stack, self._volumes):
                    say(f"down: kept volume {name}, which the stack did not use any more; "
                        f"`docker volume rm {name}` removes it")  # fmt: skip
                    self.kept.append(f"volume {name}")
            for volume in self._volumes:
                if self._is_elsewhere(volume):  # also where a move left an older one of the name here
                    said = "kept volume" if self.keeps_data else "could not reach volume"
                    place = volume.node or "the other hosts that mounted it"
                    say(f"down: {said} {volume.name} on {place}; there, "
                        f"`docker volume rm {volume.name}` removes it")  # fmt: skip

    def volumes(self) -> list[str]:
        with answering(self._hosts):
            return kept.on_host(self._hosts, self._stack, self._volumes)

    def others(self) -> list[str]:
        with answering(self._hosts):
            return kept.other_stacks(self._hosts, self._stack)

    def _is_elsewhere(self, volume: kept.Volume) -> bool:
        if not volume.node:
            return kept.nodes(self._hosts) > 1
        return volume.node != kept.node_name(self._hosts)


def _sandbox() -> Hosts:
    # The sandbox needs Linux and root; people with hosts of their own must not need its imports.
    from sandbox.hosts.host import Host
    from sandbox.hosts.profiles import profile

    host = Host(profile(OnSwarm.profile), 1)
    return Hosts(
        environment={"DOCKER_HOST": host.docker_host},
        address=host.address,
        description=f"sandbox Swarm, 1 host at {host.address}",
        docker_host=host.docker_host,
        sandbox=True,
    )


def _rows(resources: Resources, hosts: Hosts) -> Iterator[Row]:
    api = docker_client(hosts)
    services = {service["ID"]: service for service in api.services(status=True)}
    tasks = api.tasks()
    for resource in resources:
        if resource["type"] == SERVICE:
            yield _row(resource, services.get(resource.get("id", "")), tasks)


def _row(resource: dict[str, Any], service: dict[str, Any] | None, tasks: list[dict[str, Any]]) -> Row:
    """A service as the stack's state wants it, beside what the Swarm says of it; None: there is no such service."""
    replicated = resource["inputs"]["mode"].get("replicated")
    status = service.get("ServiceStatus", {}) if service else {}
    # A global service has as many as there are nodes for it.
    told = (
        service["Spec"]["Mode"]["Replicated"]["Replicas"] if service and replicated else status.get("DesiredTasks", 0)
    )
    wanted = int(replicated["replicas"]) if replicated else told if service else 1
    if bounds := _bounds(resource):
        wanted = min(max(told, bounds[0]), bounds[1])
    ready = status.get("RunningTasks", 0)
    return Row(
        urn=resource["urn"],
        id=resource.get("id", ""),
        component=component_of(resource),
        name=resource["inputs"]["name"],
        kind="service" if replicated else "agent",
        wanted=wanted,
        told=told,
        ready=ready,
        gone=service is None,
        autoscaled=bounds is not None,
        reason=_task_error(tasks, service["ID"]) if service and ready < told else "",
    )


def _bounds(resource: dict[str, Any]) -> tuple[int, int] | None:
    """The fewest and most replicas that the scaler may set; None where it sets none."""
    least, found, most = _labels(resource).get(SCALING_LABEL, "").partition("-")
    return (int(least), int(most)) if found else None


def _labels(resource: dict[str, Any]) -> dict[str, str]:
    return {label["label"]: label["value"] for label in resource["inputs"].get("labels") or []}


def _workload(resource: dict[str, Any]) -> Workload:
    inputs, labels = resource["inputs"], _labels(resource)
    timeout = (inputs.get("convergeConfig") or {}).get("timeout")
    return Workload(
        urn=resource["urn"],
        id=resource["id"],
        component=component_of(resource),
        word=labels.get(COMPONENT_LABEL, ""),
        name=inputs["name"],
        once=labels.get(JOB_LABEL) == "true",
        seconds=whole_seconds(timeout) if timeout else UPDATE_SECONDS,
    )


def _task_error(tasks: list[dict[str, Any]], service: str) -> str:
    """Why the newest task that does not run does not: its own error, or that of the one it replaces."""
    own = sorted((task for task in tasks if task["ServiceID"] == service), key=lambda task: str(task["CreatedAt"]))
    errors = [str(task["Status"]["Err"]) for task in own if task["Status"].get("Err")]
    waiting = [task for task in own if task["DesiredState"] != "shutdown" and task["Status"]["State"] != "running"]
    if errors:
        return errors[-1]
    return f"{waiting[-1]['Status']['State']}: {waiting[-1]['Status'].get('Message', '')}" if waiting else ""
