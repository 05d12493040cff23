"""Views of Docker Swarm services."""

from collections.abc import Iterator, Mapping
from typing import Any

from views.container import ContainerView, MountView, WorkloadView
from views.plain import known, pairs, seconds, texts

SERVICE = "docker:index/service:Service"
_PORT_LABEL = "ha-platform.port."
_SIZE_LABEL = "ha-platform.volume-size"
_RESOURCES = {"nanoCpus": "cpu", "memoryBytes": "memory"}


def view(service: Mapping[str, Any]) -> WorkloadView:
    """The view of a `docker.Service`."""
    task = service.get("taskSpec") or {}
    mode = service.get("mode") or {}
    labels = pairs(service.get("labels"))
    container = _container(task, service)
    # A volume of another driver than Docker's own is a place that hosts share.
    own = any(one.kind == "volume" for one in container.mounts) and not _is_shared(task)
    name = str(service.get("name") or "")
    networks = [str(one.get("name") or one.get("id") or "") for one in task.get("networksAdvanceds") or []]
    replicas = (mode.get("replicated") or {}).get("replicas", 1)
    return WorkloadView(
        platform="swarm",
        name=name,
        component=labels.get("ha-platform.component", name),
        origin=labels.get("ha-platform.origin", ""),
        kind=_kind(mode, labels, own),
        ports=frozenset(label.removeprefix(_PORT_LABEL).split(".")[0] for label in labels if _PORT_LABEL in label),
        replicas=replicas if isinstance(replicas, int) and not mode.get("global") else None,
        containers=(container,),
        labels=labels,
        grace=seconds((task.get("containerSpec") or {}).get("stopGracePeriod")),
        host_namespaces=tuple(one for one in networks if one == "host"),
        has_persistent_volume=own,
        properties=service,
    )


def _container(task: Mapping[str, Any], service: Mapping[str, Any]) -> ContainerView:
    container = task.get("containerSpec") or {}
    resources = task.get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservation") or {}
    published = (service.get("endpointSpec") or {}).get("ports") or []
    return ContainerView(
        name=str(service.get("name") or ""),
        image=known(container.get("image")),
        environment={str(name): known(value) for name, value in (container.get("env") or {}).items()},
        arguments=texts(container.get("commands"), container.get("args")),
        requests=frozenset(_RESOURCES[name] for name, value in reserved.items() if name in _RESOURCES and value != 0),
        limits=frozenset(_RESOURCES[name] for name, value in limits.items() if name in _RESOURCES and value != 0),
        user=known(container.get("user")),
        root_is_allowed=pairs(container.get("labels")).get("ha-platform.allow-root") == "true",
        read_only_root=container.get("readOnly"),
        drops_all=bool({"ALL", "CAP_ALL"} & set(texts(container.get("capDrops")))),
        added=frozenset(texts(container.get("capAdds"))),
        ports={str(port.get("name") or port.get("targetPort")): port.get("targetPort") for port in published},
        has_health_check=_is_checked(container.get("healthcheck")),
        mounts=tuple(_mounts(container)),
    )


def _is_checked(healthcheck: Any) -> bool:
    tests = (healthcheck or {}).get("tests")
    return tests is not None and tests != [] and list(tests)[:1] != ["NONE"]


def _mounts(container: Mapping[str, Any]) -> Iterator[MountView]:
    for mount in container.get("mounts") or []:
        kind = {"volume": "volume", "bind": "host"}.get(str(mount.get("type")), "scratch")
        yield MountView(
            path=str(mount.get("target")),
            kind=kind,
            source=str(mount.get("source") or ""),
            read_only=bool(mount.get("readOnly")),
            is_bounded=kind != "scratch" or bool((mount.get("tmpfsOptions") or {}).get("sizeBytes")),
        )
    for listed in ("configs", "secrets"):
        for file in container.get(listed) or []:
            yield MountView(path=str(file.get("fileName")), kind="files", read_only=True)


def _is_shared(task: Mapping[str, Any]) -> bool:
    mounts = (task.get("containerSpec") or {}).get("mounts") or []
    kept = [one for one in mounts if one.get("type") == "volume"]
    return all((one.get("volumeOptions") or {}).get("driverName") for one in kept)


def _kind(mode: Mapping[str, Any], labels: Mapping[str, str], has_volume: bool) -> str:
    if mode.get("global"):
        return "agent"
    if "ha-platform.job" in labels:
        return "job"
    is_member = has_volume or _SIZE_LABEL in labels
    return "members" if is_member else "replicas"
