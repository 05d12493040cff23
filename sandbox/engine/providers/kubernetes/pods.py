"""Why the pods of a workload are not ready, in the words of the cluster and of the container itself."""

from __future__ import annotations

import contextlib
from typing import Any

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.kubernetes.client import Client

Object = dict[str, Any]
# States every container passes through: no reason by themselves.
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_LOG_LINES = 3


def reason(client: Client, owner: Object) -> str:
    """Why pods of `owner` (an object with a pod selector) are not ready; empty when nothing is known."""
    metadata, selector = owner["metadata"], owner["spec"].get("selector") or {}
    labels = selector.get("matchLabels") or {}
    pods = _newest_first(
        client.get(
            f"/api/v1/namespaces/{metadata['namespace']}/pods",
            labelSelector=",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        )["items"]
    )
    for pod in pods:
        if said := _container_reason(client, pod) or _condition_reason(pod):
            return f"pod {pod['metadata']['name']}: {said}"
    for pod in pods:
        if not _is_ready(pod) and (
            known := [text for text in (_last_crash(client, pod), _warning(client, pod)) if text]
        ):
            return f"pod {pod['metadata']['name']}: {'; '.join(known)}"
    return _owner_reason(owner) or _warning(client, owner)


def _newest_first(objects: list[Object]) -> list[Object]:
    return sorted(objects, key=lambda item: str(item["metadata"].get("creationTimestamp")), reverse=True)


def _is_ready(pod: Object) -> bool:
    return any(
        c["type"] == "Ready" and c["status"] == "True" for c in (pod.get("status") or {}).get("conditions") or []
    )


def _containers(pod: Object) -> list[Object]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _container_reason(client: Client, pod: Object) -> str:
    for container in _containers(pod):
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        before = (container.get("lastState") or {}).get("terminated") or {}
        failed = ended if ended.get("exitCode") else before
        why = waiting.get("reason")
        if (not why or why in _STARTING) and not ended.get("exitCode"):
            continue
        words = [f"container {container['name']}: {why or ended.get('reason') or 'Error'}"]
        if failed:
            words.append(f"exit code {failed.get('exitCode')}")
            tail = log_tail(client, pod, container["name"], previous=not ended)
            words += [f"last output: {tail}"] if tail else []
        elif waiting.get("message"):
            words.append(str(waiting["message"]))
        return "; ".join(words)
    return ""


def _last_crash(client: Client, pod: Object) -> str:
    """The last crash of a container that runs again, for the moment: between two crashes no state says so."""
    for container in _containers(pod):
        before = (container.get("lastState") or {}).get("terminated") or {}
        if container.get("ready") or "running" not in (container.get("state") or {}) or not before.get("exitCode"):
            continue
        words = [
            f"container {container['name']}: restart count {container.get('restartCount')}",
            f"exit code {before['exitCode']}",
        ]
        tail = log_tail(client, pod, container["name"], previous=True)
        return "; ".join([*words, f"last output: {tail}"] if tail else words)
    return ""


def log_tail(client: Client, pod: Object, container: str, previous: bool) -> str:
    """The last lines of a container's log; empty when there is none to be had."""
    metadata = pod["metadata"]
    query = {"container": container, "tailLines": str(_LOG_LINES)}
    if previous:
        query["previous"] = "true"
    with contextlib.suppress(ProviderError):
        text = client.text(f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log", **query)
        return " | ".join(line.strip() for line in text.splitlines() if line.strip())
    return ""


def _condition_reason(pod: Object) -> str:
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"{condition.get('reason')}: {condition.get('message')}"
    return ""


def _warning(client: Client, about: Object) -> str:
    """The newest warning event, which names failing probes, mounts and refused pods."""
    metadata = about["metadata"]
    with contextlib.suppress(ProviderError):
        events = client.get(
            f"/api/v1/namespaces/{metadata['namespace']}/events",
            fieldSelector=f"involvedObject.uid={metadata['uid']},type=Warning",
        )["items"]
        if events:
            newest = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
            return f"{newest.get('reason')}: {' '.join(str(newest.get('message', '')).split())}"
    return ""


def _owner_reason(owner: Object) -> str:
    for condition in (owner.get("status") or {}).get("conditions") or []:
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return str(condition.get("message"))
    return ""


def job_failure(client: Client, job: Object) -> str:
    """Why a job failed: its own condition, then the end of the log of its newest failed pod."""
    conditions = (job.get("status") or {}).get("conditions") or []
    said: Object = next(
        (c for c in conditions if c["type"] in ("Failed", "FailureTarget") and c["status"] == "True"), {}
    )
    words = [f"{said.get('reason', 'Failed')}: {said.get('message', 'no message')}"]
    detail = ""
    with contextlib.suppress(ProviderError):
        detail = reason(client, job)
    return "; ".join([*words, detail] if detail else words)
