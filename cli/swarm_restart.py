"""Restarting a Swarm service as an update does: task by task, in the service's own order and with its own checks."""

import time

from cli.clients import answering, docker_client, update_service
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.workloads import Workload

_POLL_SECONDS = 0.5
_ENDED_BADLY = ("paused", "rollback_started", "rollback_paused", "rollback_completed")


def restart(workload: Workload, hosts: Hosts) -> None:
    """Replace every task; returns when all new ones are healthy. Raises CommandError when one is not."""
    with answering(hosts):
        client = docker_client(hosts)
        service = client.inspect_service(workload.id)
        spec = service["Spec"]
        if spec["Mode"].get("Replicated", {}).get("Replicas") == 0:
            raise CommandError(f"{workload.name} is scaled to 0: there is nothing to restart.")
        spec["TaskTemplate"]["ForceUpdate"] = spec["TaskTemplate"].get("ForceUpdate", 0) + 1
        update_service(client, workload.id, service)
        deadline = time.monotonic() + workload.seconds
        while (status := client.inspect_service(workload.id).get("UpdateStatus") or {}).get("State") != "completed":
            state = status.get("State", "not begun")
            if state in _ENDED_BADLY or time.monotonic() > deadline:
                why = status.get("Message") or f"still {state} after {workload.seconds:g} s"
                raise CommandError(f"{workload.name}: the restart did not end ({state}): {why}.")
            time.sleep(_POLL_SECONDS)
