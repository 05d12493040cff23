"""Waiting until a service runs as asked, with a deadline of the service's own `convergeConfig`."""

from __future__ import annotations

import time
from typing import Any

import docker

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker import tasks
from sandbox.engine.providers.docker.rules import nanoseconds

_POLL_SECONDS = 0.5
# Without a health check a container counts as running the moment it starts: it has to stay so. An update is completed
# when its containers ran for `monitor`, as far as the daemon knew by then: it may hear of their end later.
_STEADY_SECONDS = 2.0
# The update status appears a moment after the call; an update that touches no task never gets one.
_STATUS_SECONDS = 2.0
_ROLLED_BACK = frozenset({"rollback_completed"})
_STOPPED = frozenset({"paused", "rollback_paused"})
# Parts of a task's spec whose change alone makes the Swarm replace the task. Placement does so only sometimes.
_TASK_PARTS = ("ContainerSpec", "Resources", "RestartPolicy", "Networks", "LogDriver", "ForceUpdate")


def deadline_seconds(given: dict[str, Any]) -> float | None:
    """How long to wait for the service of these inputs; None when it does not ask to be waited for."""
    config = given.get("convergeConfig")
    return None if config is None else nanoseconds(config["timeout"]) / 1e9


def created(client: docker.APIClient, service_id: str, name: str, seconds: float) -> None:
    """Waits until every replica runs (which for a health-checked one means healthy). Raises ProviderError."""
    _wait(client, service_id, name, seconds, updated=False)


def updated(client: docker.APIClient, service_id: str, name: str, seconds: float) -> None:
    """Waits until the update is through. Raises ProviderError when it does not end, pauses or is rolled back."""
    _wait(client, service_id, name, seconds, updated=True)


def _wait(client: docker.APIClient, service_id: str, name: str, seconds: float, updated: bool) -> None:
    start = time.monotonic()
    steady_since: float | None = None
    while True:
        service = client.inspect_service(service_id)
        known = tasks.of_service(client, service_id)
        status = service.get("UpdateStatus") or {}
        state = status.get("State")
        if updated and state in _ROLLED_BACK | _STOPPED:
            raise ProviderError(_ended(client, name, service, known))
        running, wanted = _running(service, known)
        now = time.monotonic()
        if running < wanted or state not in (None, "completed"):
            steady_since = None
        elif steady_since is None:
            steady_since = now
        if steady_since is not None and _settled(service, state, updated, now - start, now - steady_since):
            return
        if now - start > seconds:
            why = tasks.failure(client, known) or f"update {state}"
            raise ProviderError(
                f"service {name}: {running} of {wanted} replicas run as asked after {seconds:g} s: {why}"
            )
        time.sleep(_POLL_SECONDS)


def _settled(service: dict[str, Any], state: str | None, updated: bool, waited: float, steady: float) -> bool:
    if updated and state is None and waited < _STATUS_SECONDS:
        return False
    checked = (service["Spec"]["TaskTemplate"]["ContainerSpec"].get("Healthcheck") or {}).get("Test")
    return bool(checked) or steady >= _STEADY_SECONDS


def _running(service: dict[str, Any], known: list[tasks.Task]) -> tuple[int, int]:
    """How many replicas run as the service asks now, and how many should. A task of an older spec makes it none."""
    asked = service["Spec"]["TaskTemplate"]
    live = [task for task in known if task["DesiredState"] == "running" and task["Status"]["State"] == "running"]
    current = [task for task in live if _same_parts(task["Spec"], asked)]
    replicated = service["Spec"]["Mode"].get("Replicated")
    if replicated is None:
        wanted = len({task["NodeID"] for task in known if task["DesiredState"] == "running"}) or 1
    else:
        wanted = int(replicated.get("Replicas", 1))
    return (len(current) if len(current) == len(live) else 0), wanted


def _same_parts(spec: dict[str, Any], asked: dict[str, Any]) -> bool:
    return all(spec.get(part) == asked.get(part) for part in _TASK_PARTS)


def _ended(client: docker.APIClient, name: str, service: dict[str, Any], known: list[tasks.Task]) -> str:
    """Why the update ended early, from the tasks that were started for it."""
    status = service["UpdateStatus"]
    ended = "rolled back" if status["State"] in _ROLLED_BACK else "paused"
    # After a rollback the service asks for the old spec again: the failed tasks are those of another one.
    asked = service["Spec"]["TaskTemplate"]
    if status["State"] in _ROLLED_BACK:
        known = [task for task in known if not _same_parts(task["Spec"], asked)]
    started = str(status.get("StartedAt", ""))[:19]
    recent = [task for task in known if str(task["CreatedAt"])[:19] >= started] or known
    why = tasks.failure(client, recent) or status.get("Message", "no reason given")
    kept = "the old version runs on" if ended == "rolled back" else "some replicas may be of either version"
    return f"service {name} update {ended}: {why} ({kept})"
