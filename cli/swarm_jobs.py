"""Jobs that failed on a Swarm.

A service whose task has ended for good gets no other while its definition is the same: an update that runs the same job
again would wait for it in vain. Scaled to 0 it soon has no task, and the update that scales it to 1 starts one.
"""

import time
from typing import Any

from cli.clients import answering, docker_client, update_service
from cli.hosts import Hosts
from cli.kept import JOB_LABEL, STACK_LABEL

_SECONDS, _POLL_SECONDS = 60, 0.5
"""Until a Swarm has forgotten the tasks."""
_GOES_ON = ("ready", "running")
"""What the Swarm wants of a task that runs, or that it will start."""


def close_failed(stack: str, hosts: Hosts) -> list[str]:
    """Scale jobs without a task that runs, or will, to 0. Returns the names of their services."""
    with answering(hosts):
        client = docker_client(hosts)
        labels = [f"{STACK_LABEL}={stack}", f"{JOB_LABEL}=true"]
        failed = [
            one for one in client.services({"label": labels}) if _has_failed(one, client.tasks({"service": one["ID"]}))
        ]
        deadline = time.monotonic() + _SECONDS
        left = failed
        while left and time.monotonic() < deadline:
            for service in left:
                _scale_to_nothing(client, service["ID"])
            time.sleep(_POLL_SECONDS)
            left = [one for one in left if client.tasks({"service": one["ID"]})]
    return sorted(service["Spec"]["Name"] for service in failed)


def _scale_to_nothing(client: Any, service_id: str) -> None:
    """Each update takes one of the tasks that failed, also one that changes nothing."""
    service = client.inspect_service(service_id)
    service["Spec"]["Mode"]["Replicated"]["Replicas"] = 0
    update_service(client, service_id, service)


def _has_failed(service: dict[str, Any], tasks: list[dict[str, Any]]) -> bool:
    wanted = service["Spec"]["Mode"]["Replicated"]["Replicas"]
    return bool(wanted and tasks) and not any(task["DesiredState"] in _GOES_ON for task in tasks)
