"""The tasks of a service, and in their own words why one failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import docker
import requests

Task = dict[str, Any]
_FAILED = frozenset({"failed", "rejected"})
_LOG_LINES = 3
# A host that is down keeps a log request open; the reason is worth no longer wait.
_LOG_SECONDS = 5
_CHECK_CHARACTERS = 300
# Stream frames of the log API: one byte stream, three of padding, four of length.
_FRAME_HEADER = 8


def of_service(client: docker.APIClient, service_id: str) -> list[Task]:
    """All tasks of the service that the Swarm still knows, newest first."""
    tasks = client.tasks({"service": service_id})
    return sorted(tasks, key=lambda task: str(task["CreatedAt"]), reverse=True)


def failure(client: docker.APIClient, tasks: list[Task]) -> str:
    """Why `tasks` (newest first) are not running: the newest failure with the last lines of its log, else what the
    newest one waits for; empty when nothing is known."""
    for task in tasks:
        status = task["Status"]
        if status["State"] in _FAILED:
            reason = str(status.get("Err") or status.get("Message") or status["State"])
            reason = reason if reason.startswith("task: ") else f"task: {reason}"
            checked = _last_check(client, task) if "unhealthy" in reason else ""
            output = _log_tail(client, task)
            return reason + (f"; {checked}" if checked else "") + (f"; last output: {output}" if output else "")
    for task in tasks:
        status = task["Status"]
        if status["State"] != "running" and task["DesiredState"] == "running":
            waiting = str(status.get("Err") or "")
            return waiting or _last_check(client, task) or f"a task is still {status['State']}"
    return ""


def _last_check(client: docker.APIClient, task: Task) -> str:
    """What the last health check of a task's container said, where that is on this host."""
    container = (task["Status"].get("ContainerStatus") or {}).get("ContainerID")
    if not container:
        return ""
    with contextlib.suppress(docker.errors.APIError, requests.RequestException):
        checks = (client.inspect_container(container)["State"].get("Health") or {}).get("Log") or []
        if checks:
            output = " ".join(str(checks[-1].get("Output", "")).split())[-_CHECK_CHARACTERS:]
            return f"health check exited {checks[-1].get('ExitCode')}: {output}"
    return ""


def _log_tail(client: docker.APIClient, task: Task) -> str:
    # docker-py has service logs only, and those mix the tasks of one service.
    url = f"{client.base_url}/v{client.api_version}/tasks/{task['ID']}/logs"
    parameters = {"stdout": "1", "stderr": "1", "tail": str(_LOG_LINES)}
    with contextlib.suppress(docker.errors.APIError, requests.RequestException):
        answer = client.get(url, params=parameters, timeout=_LOG_SECONDS)
        if answer.status_code == 200:
            lines = [line.strip() for line in _frames(answer.content) if line.strip()]
            return " | ".join(lines[-_LOG_LINES:])
    return ""


def _frames(stream: bytes) -> Iterator[str]:
    position = 0
    while position + _FRAME_HEADER <= len(stream):
        length = int.from_bytes(stream[position + 4 : position + _FRAME_HEADER], "big")
        position += _FRAME_HEADER
        yield stream[position : position + length].decode(errors="replace")
        position += length
