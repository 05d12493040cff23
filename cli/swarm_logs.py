"""Lines of a Swarm's services, which a manager collects from all hosts."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from cli.clients import answering, docker_client
from cli.hosts import Hosts
from cli.logs import Asked, Line, Source
from cli.workloads import Workload

_TASK = "com.docker.swarm.task.id"


def source(workload: Workload, hosts: Hosts, asked: Asked) -> Source:
    """The lines of one service, with those of tasks that ended and the Swarm still knows."""

    def run(put: Callable[[Line], None]) -> None:
        with answering(hosts):
            client = docker_client(hosts)
            names = _Names(client, workload)
            since = {} if asked.since_seconds is None else {"since": int(time.time()) - asked.since_seconds}
            chunks = client.service_logs(
                workload.id,
                details=True,
                follow=asked.follow,
                stdout=True,
                stderr=True,
                timestamps=True,
                tail=asked.tail or "all",
                is_tty=False,
                **since,
            )
            for chunk in chunks:
                for text in chunk.decode(errors="replace").splitlines():
                    put(_line(text, names))

    return run


class _Names:
    """Tasks as `dev-web.2@host1`."""

    def __init__(self, client: Any, workload: Workload) -> None:
        self._client = client
        self._workload = workload
        self._known: dict[str, str] = {}

    def of(self, task: str) -> str:
        if task not in self._known:  # also one that started meanwhile
            hosts = {node["ID"]: node["Description"]["Hostname"] for node in self._client.nodes()}
            for each in self._client.tasks({"service": self._workload.id}):
                self._known[each["ID"]] = _name(self._workload.name, each, hosts)
        return self._known.setdefault(task, f"{self._workload.name}.{task[:12]}")


def _name(service: str, task: Mapping[str, Any], hosts: Mapping[str, str]) -> str:
    host = hosts.get(task.get("NodeID", ""), "")
    slot = f".{task['Slot']}" if task.get("Slot") else ""
    return f"{service}{slot}@{host}" if host else f"{service}{slot}"


def _line(text: str, names: _Names) -> Line:
    """A line as the manager sends it: time, the task's labels, and what was written."""
    when, _, rest = text.partition(" ")
    labels, _, said = rest.partition(" ")
    details = dict(pair.partition("=")[::2] for pair in labels.split(","))
    return Line(when, names.of(details.get(_TASK, "")), said)
