"""What the rules look at, whatever the platform."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ContainerView:
    """One container. None: not said (or unknown in a preview). Names of variables, and values only where plain.
    `arguments` are those of the command and its arguments that are known. `root_is_allowed`: the stack file says that
    it may be root.
    """

    image: str | None
    environment: Mapping[str, str | None]
    arguments: tuple[str, ...]
    memory_limit: str | None
    user: str | None
    root_is_allowed: bool
    read_only_root: bool | None
    has_health_check: bool
    writable_volumes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorkloadView:
    """One workload. `kind` is "replicas", "members", "agent" or "job"; `replicas` None where not fixed.

    `origin` is the YAML path of its settings (`ha-platform:stack.caches.sessions`), empty for what the project did not
    render. `ports` are the names of the ports that others in the stack connect to.
    """

    name: str
    origin: str
    kind: str
    ports: frozenset[str]
    replicas: int | None
    containers: tuple[ContainerView, ...]
    has_persistent_volume: bool

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of `origin` below the stack: `("caches", "sessions")`; empty where it is."""
        return tuple(self.origin.split(".")[1:])
