"""Views of Kubernetes workloads."""

import re
from collections.abc import Mapping
from typing import Any

from views.container import ContainerView, MountView, WorkloadView
from views.plain import known, texts

WORKLOADS: dict[str, str] = {
    "kubernetes:apps/v1:Deployment": "replicas",
    "kubernetes:apps/v1:StatefulSet": "members",
    "kubernetes:apps/v1:DaemonSet": "agent",
    "kubernetes:batch/v1:Job": "job",
    "kubernetes:batch/v1:CronJob": "cron",
    "kubernetes:core/v1:Pod": "replicas",
}
_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
_SLEEP = re.compile(r"\bsleep\s+([0-9.]+)")


def view(resource_type: str, workload: Mapping[str, Any]) -> WorkloadView:
    """The view of a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod."""
    kind = WORKLOADS[resource_type]
    spec = workload.get("spec") or {}
    metadata = workload.get("metadata") or {}
    owner = (spec.get("jobTemplate") or {}).get("spec") or {} if kind == "cron" else spec
    template = workload if resource_type.endswith(":Pod") else owner.get("template") or {}
    pod = template.get("spec") or {}
    claims = {str((claim.get("metadata") or {}).get("name")) for claim in spec.get("volumeClaimTemplates") or []}
    volumes = _volumes(pod, claims)
    root = ((template.get("metadata") or {}).get("annotations") or {}).get("ha-platform/allow-root") == "true"
    containers = tuple(
        _container(container, pod, volumes, first, root)
        for first, listed in ((True, "initContainers"), (False, "containers"))
        for container in pod.get(listed) or []
    )
    name = str(metadata.get("name") or "")
    grace = pod.get("terminationGracePeriodSeconds", 30)
    return WorkloadView(
        platform="kubernetes",
        name=name,
        component=name,
        namespace=str(metadata.get("namespace") or ""),
        origin=str((metadata.get("annotations") or {}).get("ha-platform/origin") or ""),
        kind=kind,
        ports=frozenset(port for container in containers for port in container.ports if not port.isdigit()),
        replicas=_replicas(spec) if kind in ("replicas", "members") else None,
        containers=containers,
        labels=(template.get("metadata") or {}).get("labels") or {},
        pod=pod,
        grace=float(grace) if isinstance(grace, int | float) else None,
        host_namespaces=tuple(one for one in _HOST_NAMESPACES if pod.get(one)),
        has_persistent_volume=bool(claims),
        properties=workload,
    )


def _replicas(spec: Mapping[str, Any]) -> int | None:
    given = spec.get("replicas", 1)
    return given if isinstance(given, int) else None


def _volumes(pod: Mapping[str, Any], claims: set[str]) -> dict[str, tuple[str, str, bool]]:
    """Volume -> kind, source, and whether its size is limited."""
    found = {claim: ("volume", claim, True) for claim in claims}
    for volume in pod.get("volumes") or []:
        name = str(volume.get("name"))
        if "persistentVolumeClaim" in volume:
            found[name] = ("volume", str((volume["persistentVolumeClaim"] or {}).get("claimName") or ""), True)
        elif "hostPath" in volume:
            found[name] = ("host", str((volume["hostPath"] or {}).get("path") or ""), True)
        elif "emptyDir" in volume:
            found[name] = ("scratch", name, "sizeLimit" in (volume["emptyDir"] or {}))
        else:
            found[name] = ("files", name, True)
    return found


def _container(
    container: Mapping[str, Any],
    pod: Mapping[str, Any],
    volumes: Mapping[str, tuple[str, str, bool]],
    first: bool,
    root_is_allowed: bool,
) -> ContainerView:
    security = container.get("securityContext") or {}
    shared = pod.get("securityContext") or {}
    resources = container.get("resources") or {}
    capabilities = security.get("capabilities") or {}
    profile = security.get("seccompProfile") or shared.get("seccompProfile") or {}
    ports = container.get("ports") or []
    before = ((container.get("lifecycle") or {}).get("preStop")) or {}
    mounts = []
    for mount in container.get("volumeMounts") or []:
        kind, source, bounded = volumes.get(str(mount.get("name")), ("files", "", True))
        path, read_only = str(mount.get("mountPath")), bool(mount.get("readOnly"))
        mounts.append(MountView(path=path, kind=kind, source=source, read_only=read_only, is_bounded=bounded))
    return ContainerView(
        name=str(container.get("name") or ""),
        image=known(container.get("image")),
        # One that is restarted for ever runs beside the others.
        starts_first=first and container.get("restartPolicy") != "Always",
        environment={str(item.get("name")): known(item.get("value")) for item in container.get("env") or []},
        arguments=texts(container.get("command"), container.get("args")),
        requests=frozenset(resources.get("requests") or {}) | frozenset(resources.get("limits") or {}),
        limits=frozenset(resources.get("limits") or {}),
        user=known(security.get("runAsUser", shared.get("runAsUser"))),
        root_is_allowed=root_is_allowed,
        read_only_root=security.get("readOnlyRootFilesystem"),
        is_privileged=security.get("privileged") is True,
        may_escalate=security.get("allowPrivilegeEscalation") in (None, True),
        drops_all="ALL" in texts(capabilities.get("drop")),
        added=frozenset(texts(capabilities.get("add"))),
        seccomp=known(profile.get("type")),
        host_ports=tuple(port["hostPort"] for port in ports if port.get("hostPort")),
        ports={str(port.get("name") or port.get("containerPort")): port.get("containerPort") for port in ports},
        probes={
            name: container[f"{name}Probe"]
            for name in ("readiness", "liveness", "startup")
            if container.get(f"{name}Probe") is not None
        },
        has_health_check=container.get("readinessProbe") is not None,
        stop_wait=_stop_wait(before),
        mounts=tuple(mounts),
    )


def _stop_wait(before: Mapping[str, Any]) -> float:
    if "sleep" in before:
        given = (before["sleep"] or {}).get("seconds", 0)
        return float(given) if isinstance(given, int | float) else 0
    command = texts((before.get("exec") or {}).get("command"))
    found = _SLEEP.search(" ".join(command))
    return float(found[1]) if found else 0
