"""What components give each other: not a host name, but the settings that survive a failover."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import pulumi

from model import Endpoint, Scratch, SecretRef


@dataclass(frozen=True, kw_only=True)
class ClientContract:
    """Ready settings for the clients of a database or cache.

    An application tier chooses a prefix (`DATABASE`, `REDIS`) and gets each of `settings` as the variable
    `<PREFIX>_<key>`, and each of `secrets` as a file named by `<PREFIX>_<key>_FILE` (or, if it asks for variables, as
    `<PREFIX>_<key>` through the launcher). `resources` must be healthy before a client starts.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    resources: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An application behind a balancer.

    `port` is the replicas' port for those who name none (None: there is no such port), `ports` are the others by name.
    `health_path` is what is asked of them, at `health_port` (None: at the port that is used) under the name
    `health_host` (None: any will do), unless a route's check says otherwise; `max_replicas` the most replicas that may
    answer at the same moment, a rollout's surplus included; the balancer can serve at least that many.
    """

    endpoint: Endpoint
    port: int | None
    ports: Mapping[str, int] = field(default_factory=dict)
    health_path: str
    health_port: int | None = None
    health_host: str | None = None
    max_replicas: int

    def number(self, name: str | None) -> int:
        """The port of this name; None: `port`. KeyError where there is no such port."""
        if name is not None:
            return self.ports[name]
        if self.port is None:
            raise KeyError("port")
        return self.port


@runtime_checkable
class Serving(Protocol):
    """Settings of what may answer requests: the port for those who name none (None: there is none), those with names,
    the longest request in seconds, and the writable directories."""

    @property
    def port(self) -> int | None: ...

    @property
    def ports(self) -> Mapping[str, int]: ...

    @property
    def longest_request(self) -> int: ...

    def scratch(self) -> tuple[Scratch, ...]: ...
