"""Ports that a container listens on, and ports that the outside reaches."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Port:
    """A TCP port inside the container. `name` is a DNS label of at most 15 characters."""

    name: str
    number: int


@dataclass(frozen=True, kw_only=True)
class PublicPort:
    """The named container port, reachable from outside the platform at `published` (1-65535).

    Swarm publishes it on every host that runs a replica. Kubernetes offers it by a Service of the kind that the
    platform's settings choose.
    """

    port: str
    published: int
