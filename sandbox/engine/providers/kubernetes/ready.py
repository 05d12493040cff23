"""When an object counts as ready: one function a kind, each answering what is still missing, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.kubernetes import pods
from sandbox.engine.providers.kubernetes.client import ApiError, Client

Object = dict[str, Any]
Ready = Callable[[Client, Object], str | None]

_WAIT_FOR = "pulumi.com/waitFor"


class Failed(ProviderError):
    """The cluster has given up: waiting longer would change nothing."""


def _conditions(found: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in (found.get("status") or {}).get("conditions") or []}


def _unobserved(found: Object) -> bool:
    return int((found.get("status") or {}).get("observedGeneration", 0)) < int(found["metadata"].get("generation", 0))


def _deployment(client: Client, found: Object) -> str | None:
    status, wanted = found.get("status") or {}, found["spec"].get("replicas", 1)
    if _unobserved(found):
        return "the controller has not seen it yet"
    progressing = _conditions(found).get("Progressing", {})
    if progressing.get("status") == "False" and progressing.get("reason") == "ProgressDeadlineExceeded":
        limit = found["spec"].get("progressDeadlineSeconds", 600)
        raise Failed(f"no progress in {limit} s: {pods.reason(client, found) or progressing.get('message')}")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted or status.get("replicas", 0) > updated or available < wanted:
        return f"{min(updated, available)} of {wanted} updated replicas are available"
    return None


def _stateful_set(client: Client, found: Object) -> str | None:  # noqa: ARG001
    status, wanted = found.get("status") or {}, found["spec"].get("replicas", 1)
    if _unobserved(found):
        return "the controller has not seen it yet"
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    rolling = (found["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    if ready < wanted or (rolling and updated < wanted):
        return f"{min(ready, updated) if rolling else ready} of {wanted} updated replicas are ready"
    if rolling and wanted and status.get("currentRevision") != status.get("updateRevision"):
        return "the last replica is being updated"
    return None


def _daemon_set(client: Client, found: Object) -> str | None:  # noqa: ARG001
    status = found.get("status") or {}
    if _unobserved(found):
        return "the controller has not seen it yet"
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted or available < wanted:
        return f"{min(updated, available)} of {wanted} nodes run it"
    return None


def _job(client: Client, found: Object) -> str | None:
    conditions = _conditions(found)
    if conditions.get("Failed", {}).get("status") == "True":
        raise Failed(pods.job_failure(client, found))
    if any(conditions.get(end, {}).get("status") == "True" for end in ("Complete", "Suspended")):
        return None
    return "it has not completed"


def _claim(client: Client, found: Object) -> str | None:
    phase = (found.get("status") or {}).get("phase")
    if phase == "Bound":
        return None
    class_name = found["spec"].get("storageClassName")
    if class_name:
        storage = client.get(f"/apis/storage.k8s.io/v1/storageclasses/{class_name}")
        # Bound when the first pod uses it, which may be later in this very run.
        if storage.get("volumeBindingMode") == "WaitForFirstConsumer" and phase == "Pending":
            return None
    return f"it is {phase or 'not seen yet'}"


def _service(client: Client, found: Object) -> str | None:
    spec, metadata = found["spec"], found["metadata"]
    if spec.get("type") == "LoadBalancer" and not ((found.get("status") or {}).get("loadBalancer") or {}).get(
        "ingress"
    ):
        return "no address was given to its load balancer"
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return None
    slices = client.get(
        f"/apis/discovery.k8s.io/v1/namespaces/{metadata['namespace']}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={metadata['name']}",
    )["items"]
    ends = [end for item in slices for end in item.get("endpoints") or []]
    if any((end.get("conditions") or {}).get("ready", True) for end in ends):
        return None
    return "no ready pod is behind it"


def _ingress(client: Client, found: Object) -> str | None:
    missing = next((name for name in _services_of(found) if not _exists(client, found, name)), None)
    if missing is not None:
        return f"there is no Service {missing} behind it"
    if not ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return "no controller gave it an address: is there one of its class, and does it show an address?"
    return None


def _services_of(ingress: Object) -> Iterator[str]:
    for rule in ingress["spec"].get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            if service := path["backend"].get("service"):
                yield service["name"]


def _exists(client: Client, beside: Object, service: str) -> bool:
    try:
        client.get(f"/api/v1/namespaces/{beside['metadata']['namespace']}/services/{service}")
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def _accepted(client: Client, found: Object) -> str | None:  # noqa: ARG001
    """Of a Gateway, or of a route by its first Gateway; only where an annotation asks for it."""
    if not (found["metadata"].get("annotations") or {}).get(_WAIT_FOR):
        return None
    status = found.get("status") or {}
    if found["kind"] == "HTTPRoute":
        status = next(iter(status.get("parents") or []), {})
    condition = _conditions({"status": status}).get("Accepted")
    if condition is None:
        return "no controller has seen it: is there a Gateway of this name, and one of its class?"
    if condition.get("status") != "True":
        return f"its controller does not accept it: {condition.get('reason')}: {condition.get('message')}"
    return None


def _taken(client: Client, found: Object) -> str | None:  # noqa: ARG001
    """Of a ScaledObject: KEDA has made an autoscaler of it; only where an annotation asks for it."""
    if not (found["metadata"].get("annotations") or {}).get(_WAIT_FOR) or (found.get("status") or {}).get("hpaName"):
        return None
    said = [one for one in (found.get("status") or {}).get("conditions") or [] if one.get("type") == "Ready"]
    if said and said[0].get("status") != "True":
        return f"KEDA does not take it: {said[0].get('reason')}: {said[0].get('message')}"
    return "KEDA has made no autoscaler of it: does its operator run?"


READY: dict[str, Ready] = {
    "kubernetes:apps/v1:Deployment": _deployment,
    "kubernetes:apps/v1:StatefulSet": _stateful_set,
    "kubernetes:apps/v1:DaemonSet": _daemon_set,
    "kubernetes:batch/v1:Job": _job,
    "kubernetes:core/v1:PersistentVolumeClaim": _claim,
    "kubernetes:core/v1:Service": _service,
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": _accepted,
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": _accepted,
    "kubernetes:keda.sh/v1alpha1:ScaledObject": _taken,
    "kubernetes:networking.k8s.io/v1:Ingress": _ingress,
}
