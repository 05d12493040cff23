"""A command run once beside a Swarm service: in its image, its networks, and with its secrets."""

import time
from collections.abc import Sequence
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.workloads import Workload

_POLL_SECONDS = 0.3
_ENDED = ("complete", "failed", "rejected", "orphaned", "shutdown")


def run(workload: Workload, verb: str, command: Sequence[str], seconds: float, hosts: Hosts) -> tuple[int, str]:
    """Exit code, and what it wrote. The service that runs it is removed. Raises CommandError where it does not end in
    time, or another one is at work."""
    with answering(hosts):
        client = docker_client(hosts)
        spec = client.inspect_service(workload.id)["Spec"]
        name = f"{spec['Name']}-{verb}"
        _remove_ended(client, name, verb)
        # docker-py's own create_service drops fields that it does not know.
        made = client._post_json(client._url("/services/create"), data=_once(spec, name, command))
        service = client._result(made, json=True)["ID"]
        try:
            task = _ended(client, service, name, seconds)
            said = b"".join(client.service_logs(service, stdout=True, stderr=True, is_tty=False, follow=False))
        finally:
            client.remove_service(service)
    status = task["Status"]
    code = status.get("ContainerStatus", {}).get("ExitCode", 0)
    text = said.decode(errors="replace")
    if status["State"] == "complete":
        return 0, text
    return code or 1, text or status.get("Err", "")


def _once(spec: dict[str, Any], name: str, command: Sequence[str]) -> dict[str, Any]:
    task = spec["TaskTemplate"]
    container = task["ContainerSpec"] | {"Command": [*command], "Args": [], "Healthcheck": {"Test": ["NONE"]}}
    return {
        "Name": name,
        "TaskTemplate": task | {"ContainerSpec": container, "RestartPolicy": {"Condition": "none"}, "ForceUpdate": 0},
        "Mode": {"Replicated": {"Replicas": 1}},
        "EndpointSpec": spec.get("EndpointSpec"),
    }


def _remove_ended(client: Any, name: str, verb: str) -> None:
    """One that was interrupted. Raises CommandError for one that runs."""
    for left in client.services(filters={"name": name}):
        if left["Spec"]["Name"] == name:
            if any(task["Status"]["State"] == "running" for task in client.tasks({"service": left["ID"]})):
                raise CommandError(f"another {verb} is at work (service {name}); wait until it has ended.")
            client.remove_service(left["ID"])


def _ended(client: Any, service: str, name: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        tasks = client.tasks({"service": service})
        for task in tasks:
            if task["Status"]["State"] in _ENDED:
                found: dict[str, Any] = task
                return found
        if time.monotonic() > deadline:
            state = tasks[0]["Status"] if tasks else {"State": "not begun"}
            why = state.get("Err") or state.get("Message", "")
            raise CommandError(f"{name} did not end within {seconds:g} s ({state['State']}: {why}).")
        time.sleep(_POLL_SECONDS)
