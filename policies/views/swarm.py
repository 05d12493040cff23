"""Views of Docker Swarm services."""

from collections.abc import Mapping
from typing import Any

from views.container import ContainerView, WorkloadView
from views.numbers import texts, whole

SERVICE = "docker:index/service:Service"
_PORT_LABEL = "ha-platform.port."


def view(service: Mapping[str, Any]) -> WorkloadView:
    """The view of a `docker.Service`."""
    task = service.get("taskSpec") or {}
    container = task.get("containerSpec") or {}
    mode = service.get("mode") or {}
    mounted = [mount for mount in container.get("mounts") or [] if mount.get("type") == "volume"]
    volumes = [mount for mount in mounted if not (mount.get("volumeOptions") or {}).get("driverName")]
    limits = (task.get("resources") or {}).get("limits") or {}
    memory = limits.get("memoryBytes")
    labels = {str(label.get("label")): label.get("value") for label in service.get("labels") or []}
    return WorkloadView(
        name=str(service.get("name") or ""),
        origin=str(labels.get("ha-platform.origin") or ""),
        kind=_kind(mode, labels, bool(volumes)),
        ports=frozenset(
            name.removeprefix(_PORT_LABEL).partition(".")[0] for name in labels if name.startswith(_PORT_LABEL)
        ),
        replicas=None if mode.get("global") else whole((mode.get("replicated") or {}).get("replicas", 1)),
        containers=(
            ContainerView(
                image=container.get("image"),
                environment=dict(container.get("env") or {}),
                arguments=texts(container.get("commands"), container.get("args")),
                memory_limit=str(whole(memory)) if memory else None,
                user=container.get("user"),
                root_is_allowed=any(
                    label.get("label") == "ha-platform.allow-root" and label.get("value") == "true"
                    for label in container.get("labels") or []
                ),
                read_only_root=container.get("readOnly"),
                has_health_check=bool((container.get("healthcheck") or {}).get("tests")),
                writable_volumes=tuple(str(mount.get("target")) for mount in volumes if not mount.get("readOnly")),
            ),
        ),
        has_persistent_volume=bool(volumes),
    )


def _kind(mode: Mapping[str, Any], labels: Mapping[Any, Any], has_volume: bool) -> str:
    if mode.get("global"):
        return "agent"
    if "ha-platform.job" in labels:
        return "job"
    return "members" if has_volume else "replicas"
