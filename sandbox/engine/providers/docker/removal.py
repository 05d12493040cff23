"""Deleting docker resources, and waiting until nothing of them is left in the way of the next deletion."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import docker

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker import tasks
from sandbox.engine.providers.docker.client import said

_POLL_SECONDS = 0.5
# What follows a container's own stop grace: the host reports, the Swarm forgets the task, the container is removed.
_CLEARING_SECONDS = 60.0
_STILL_USED = ("active endpoints", "in use", "is in use by")
# A task in one of these states holds no container any more.
_OVER = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


def remove(call: Callable[[str], Any], id: str, what: str) -> None:
    """Calls `call(id)`, again while the object is still in use. An object that is gone is not a failure."""
    end = time.monotonic() + _CLEARING_SECONDS
    while True:
        try:
            call(id)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if not any(sign in said(error) for sign in _STILL_USED):
                raise
            if time.monotonic() > end:
                raise ProviderError(
                    f"{what} is still in use after {_CLEARING_SECONDS:g} s: {said(error)}; remove its user, then run "
                    "again"
                ) from error
            time.sleep(_POLL_SECONDS)
        else:
            return


def remove_service(client: docker.APIClient, id: str, name: str, grace_seconds: float) -> None:
    """Removes the service and waits until its containers are gone, so that its volumes and networks can go too."""
    containers: list[str] = []
    with contextlib.suppress(docker.errors.NotFound):
        containers = [found for task in tasks.of_service(client, id) if (found := _container(task))]
    remove(client.remove_service, id, f"service {name}")
    end = time.monotonic() + grace_seconds + _CLEARING_SECONDS
    while _holding(client, id) or any(_exists(client, container) for container in containers):
        if time.monotonic() > end:
            raise ProviderError(
                f"service {name} is removed, but a container of it still runs after its stop grace: look at "
                "`docker ps` on its hosts, then run again"
            )
        time.sleep(_POLL_SECONDS)


def _container(task: tasks.Task) -> str:
    return str((task["Status"].get("ContainerStatus") or {}).get("ContainerID") or "")


def _holding(client: docker.APIClient, service_id: str) -> bool:
    """Whether a host that is up still has a task of the service. A service that is gone cannot be filtered by."""
    left = [task for task in client.tasks() if task["ServiceID"] == service_id and task["Status"]["State"] not in _OVER]
    if not left:
        return False
    up = {node["ID"] for node in client.nodes() if node["Status"]["State"] == "ready"}
    return any(task.get("NodeID") in up for task in left)


def _exists(client: docker.APIClient, container: str) -> bool:
    # A container of another host is unknown here, which is as good as gone.
    try:
        client.inspect_container(container)
    except docker.errors.NotFound:
        return False
    return True
