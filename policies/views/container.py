"""What the rules look at, whatever the platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MountView:
    """What a container sees at `path`. `kind`: "volume" (kept), "scratch" (in memory, or lost with the container),
    "host" (a path of the host) or "files" (configurations, secrets). `source` names the volume or the host's path."""

    path: str
    kind: str
    source: str = ""
    read_only: bool = False
    is_bounded: bool = True
    """Whether what it may take of the host is limited. A kept volume's size is its claim's."""


@dataclass(frozen=True, kw_only=True)
class ContainerView:
    """One container. None: not said. Names of variables, and values only where plain; `arguments` are those of the
    command and its arguments that are known. `starts_first`: it must end before the others start. `root_is_allowed`:
    the stack file says that it may be root. Requests and limits: what is set, by "cpu", "memory" and
    "ephemeral-storage".
    """

    name: str
    image: str | None
    starts_first: bool = False
    environment: Mapping[str, str | None] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    requests: frozenset[str] = frozenset()
    limits: frozenset[str] = frozenset()
    user: str | None = None
    root_is_allowed: bool = False
    read_only_root: bool | None = None
    is_privileged: bool = False
    may_escalate: bool = False
    drops_all: bool = False
    added: frozenset[str] = frozenset()
    seccomp: str | None = None
    host_ports: tuple[int, ...] = ()
    ports: Mapping[str, Any] = field(default_factory=dict)
    """Name (or the number as text) -> number."""
    probes: Mapping[str, Any] = field(default_factory=dict)
    """Kubernetes: "readiness", "liveness" and "startup" as they are written."""
    has_health_check: bool = False
    stop_wait: float = 0
    """Seconds that a command before the stop waits, as far as it says so."""
    mounts: tuple[MountView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkloadView:
    """One workload. `kind` is "replicas", "members", "agent", "job" or "cron"; `replicas` None where not fixed.

    `origin` is the YAML path of its settings (`ha-platform:stack.caches.sessions`), empty for what the project did not
    render. `component`: what the members of one group have in common. `ports` are the names of the ports that others in
    the stack connect to. `labels` are those of its pods, `pod` their specification (Kubernetes), `grace` the seconds
    that a stop may take.
    """

    platform: str
    name: str
    kind: str
    component: str = ""
    namespace: str = ""
    origin: str = ""
    ports: frozenset[str] = frozenset()
    replicas: int | None = None
    containers: tuple[ContainerView, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    pod: Mapping[str, Any] = field(default_factory=dict)
    grace: float | None = None
    host_namespaces: tuple[str, ...] = ()
    has_persistent_volume: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of `origin` below the stack: `("caches", "sessions")`; empty where it is."""
        return tuple(self.origin.split(".")[1:])

    @property
    def is_served(self) -> bool:
        """Whether it runs all the time."""
        return self.kind not in ("job", "cron")

    @property
    def main(self) -> tuple[ContainerView, ...]:
        """The containers that run side by side."""
        return tuple(one for one in self.containers if not one.starts_first)
