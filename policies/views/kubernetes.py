"""Views of Kubernetes workloads."""

from collections.abc import Mapping
from typing import Any

from views.container import ContainerView, WorkloadView
from views.numbers import texts, whole

WORKLOADS: dict[str, str] = {
    "kubernetes:apps/v1:Deployment": "replicas",
    "kubernetes:apps/v1:StatefulSet": "members",
    "kubernetes:apps/v1:DaemonSet": "agent",
    "kubernetes:batch/v1:Job": "job",
}
_REPLICATED = ("replicas", "members")


def view(resource_type: str, workload: Mapping[str, Any]) -> WorkloadView:
    """The view of a Deployment, StatefulSet, DaemonSet or Job."""
    spec = workload.get("spec") or {}
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    root = annotations.get("ha-platform/allow-root") == "true"
    pod_security = pod.get("securityContext") or {}
    claims = {str((claim.get("metadata") or {}).get("name")) for claim in spec.get("volumeClaimTemplates") or []}
    kind = WORKLOADS[resource_type]
    metadata = workload.get("metadata") or {}
    containers = pod.get("containers") or []
    return WorkloadView(
        name=str(metadata.get("name") or ""),
        origin=str((metadata.get("annotations") or {}).get("ha-platform/origin") or ""),
        kind=kind,
        ports=frozenset(str(port.get("name")) for container in containers for port in container.get("ports") or []),
        replicas=whole(spec.get("replicas", 1)) if kind in _REPLICATED else None,
        containers=tuple(_container(container, pod_security, claims, root) for container in containers),
        has_persistent_volume=bool(claims),
    )


def _container(
    container: Mapping[str, Any], pod_security: Mapping[str, Any], claims: set[str], root_is_allowed: bool
) -> ContainerView:
    security = container.get("securityContext") or {}
    limits = (container.get("resources") or {}).get("limits") or {}
    user = security.get("runAsUser", pod_security.get("runAsUser"))
    return ContainerView(
        image=container.get("image"),
        environment={str(item.get("name")): item.get("value") for item in container.get("env") or []},
        arguments=texts(container.get("command"), container.get("args")),
        memory_limit=limits.get("memory"),
        user=None if user is None else str(whole(user)),
        root_is_allowed=root_is_allowed,
        read_only_root=security.get("readOnlyRootFilesystem"),
        has_health_check="readinessProbe" in container,
        writable_volumes=tuple(
            str(mount.get("mountPath")) for mount in container.get("volumeMounts") or [] if mount.get("name") in claims
        ),
    )
