"""Restarting a workload of a cluster as an update does, by its own strategy: what `kubectl rollout restart` does."""

import time
from datetime import UTC, datetime
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.workloads import Workload

_ANNOTATION = "kubectl.kubernetes.io/restartedAt"
_PATCH = "application/strategic-merge-patch+json"
_POLL_SECONDS = 1.0
KINDS = {"Deployment": "deployment", "StatefulSet": "stateful_set", "DaemonSet": "daemon_set"}


def restart(workload: Workload, kind: str, hosts: Hosts) -> None:
    """Replace every pod; returns when all new ones are ready. Raises CommandError when they are not in time."""
    namespace, name = workload.id.split("/")
    with answering(hosts):
        apps = kubernetes_api(hosts).AppsV1Api()
        template = {"metadata": {"annotations": {_ANNOTATION: datetime.now(UTC).isoformat()}}}
        patch = getattr(apps, f"patch_namespaced_{KINDS[kind]}")
        patched = patch(name, namespace, {"spec": {"template": template}}, _content_type=_PATCH)
        if kind != "DaemonSet" and patched.spec.replicas == 0:
            raise CommandError(f"{name} is scaled to 0: there is nothing to restart.")
        read = getattr(apps, f"read_namespaced_{KINDS[kind]}_status")
        deadline = time.monotonic() + workload.seconds
        while left := _left(kind, read(name, namespace)):
            if time.monotonic() > deadline:
                raise CommandError(f"{name}: the restart did not end within {workload.seconds:g} s: {left}.")
            time.sleep(_POLL_SECONDS)


def _left(kind: str, live: Any) -> str:
    """What the controller has still to do; empty when it is done."""
    status = live.status
    if (status.observed_generation or 0) < live.metadata.generation:
        return "the cluster has not seen it"
    if kind == "DaemonSet":
        wanted, new, ready = status.desired_number_scheduled, status.updated_number_scheduled, status.number_ready
        old = 0
    else:
        wanted, new, ready = live.spec.replicas, status.updated_replicas, status.ready_replicas
        old = (status.replicas or 0) - (new or 0)
    if (new or 0) < wanted or old > 0:
        return f"{new or 0} of {wanted} pods are new"
    return "" if (ready or 0) >= wanted else f"{ready or 0} of {wanted} pods are ready"
