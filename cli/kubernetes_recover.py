"""What a killed run created on a cluster and did not record."""

import time
from datetime import datetime
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.hosts import Hosts
from cli.killed import KilledRun, NotItsOwn, adopted
from cli.progress import say
from cli.workloads import UPDATE_SECONDS

_POLL_SECONDS = 1.0
_MANAGER = "pulumi-kubernetes"
"""Starts the name under which the provider applies an object; under another one its next change is a conflict."""
_UNUSED = ("Secret", "ConfigMap")
"""Their names are new with each create, so nothing uses them yet; and no value of a secret is read back."""
_WITH_DATA = ("Namespace", "PersistentVolumeClaim", "StatefulSet")
"""Never removed."""
_INTERRUPTED = "an earlier run was killed while it waited for this"

Resource = dict[str, Any]


def take_up(killed: KilledRun, hosts: Hosts) -> list[Resource]:
    """As `Operations.take_up`. What is adopted is waited for by the next update, which goes on with the create.

    A job that runs is waited for here, so that it does not run twice. Without `adopt` the engine removes what it gets.
    """
    kept = []
    objects = [one for one in killed.created if one["type"].startswith("kubernetes:") and one["inputs"].get("kind")]
    with answering(hosts):
        cluster = _Cluster(hosts) if objects else None
        there = [(one, found) for one in objects if cluster and (found := cluster.find(one))]
        there = [(one, found) for one, found in there if (one["type"], _id(found)) not in killed.known]
        others = [found for _, found in there if not _manager(found) or killed.is_younger_than(_made(found))]
        if others and killed.adopt:
            raise NotItsOwn(
                "\n".join(f"{_said(one)} is there, but not from the run that was killed." for one in others)
            )
        for resource, found in there:
            assert cluster is not None
            kind, said = found["kind"], _said(found)
            replaces = resource["urn"] in killed.live
            if found in others or (replaces and kind in _WITH_DATA):
                continue
            done = kind != "Job" or not killed.adopt or cluster.done(found)
            if kind in _UNUSED or replaces or not done:
                cluster.remove(found)
                say(f"  {said}: removed")
            else:
                own = {
                    "__fieldManager": _manager(found),
                    "__initialApiVersion": found["apiVersion"],
                    "__inputs": resource["inputs"],
                }
                kept.append(adopted(resource, _id(found), own, *([] if kind == "Job" else [_INTERRUPTED])))
                say(f"  {said}: adopted")
    return kept


def _id(found: Resource) -> str:
    metadata = found["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _said(found: Resource) -> str:
    return f"{found['kind']} {_id(found)}"


def _made(found: Resource) -> datetime:
    return datetime.fromisoformat(found["metadata"]["creationTimestamp"])


def _manager(found: Resource) -> str:
    """Under which name Pulumi applied the object; empty for what was made otherwise."""
    managers = (each.get("manager", "") for each in found["metadata"].get("managedFields") or [])
    return next((each for each in managers if each.startswith(_MANAGER)), "")


class _Cluster:
    def __init__(self, hosts: Hosts) -> None:
        from kubernetes import dynamic

        self._errors = dynamic.exceptions
        make: Any = dynamic.DynamicClient  # it has no annotations
        self._client: Any = make(kubernetes_api(hosts).ApiClient())

    def find(self, resource: Resource) -> Resource | None:
        """The object of a resource's kind and name."""
        return self._read(resource["inputs"])

    def done(self, job: Resource) -> bool:
        """Whether a job succeeded; waits for one that still runs."""
        deadline = time.monotonic() + (job["spec"].get("activeDeadlineSeconds") or UPDATE_SECONDS)
        now: Resource | None = job
        while now is not None and time.monotonic() < deadline:
            ended = {each["type"] for each in now.get("status", {}).get("conditions") or [] if each["status"] == "True"}
            if ended & {"Complete", "Failed"}:
                return "Complete" in ended
            time.sleep(_POLL_SECONDS)
            now = self._read(job)
        return False

    def remove(self, found: Resource) -> None:
        """Removes an object, and with a job its pods."""
        metadata = found["metadata"]
        body = {"propagationPolicy": "Foreground"}
        try:
            self._kind(found).delete(name=metadata["name"], namespace=metadata.get("namespace"), body=body)
        except self._errors.NotFoundError:
            return
        deadline = time.monotonic() + UPDATE_SECONDS
        while self._read(found) is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _read(self, named: Resource) -> Resource | None:
        metadata = named["metadata"]
        try:
            answer = self._kind(named).get(name=metadata["name"], namespace=metadata.get("namespace"))
        except (self._errors.NotFoundError, self._errors.ResourceNotFoundError):
            return None
        read: Resource = answer.to_dict()
        return read

    def _kind(self, named: Resource) -> Any:
        return self._client.resources.get(api_version=named["apiVersion"], kind=named["kind"])
