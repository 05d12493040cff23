"""Ports that a container listens on, and ports that the outside reaches."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Port:
    """A TCP port inside the container. `name` is a DNS label of at most 15 characters."""

    name: str
    number: int


@dataclass(frozen=True, kw_only=True)
class PublicPort:
    """The named container port, reachable from outside the platform at `published` (1-65535).

    Swarm publishes it on every host that runs a replica or a member. Kubernetes offers it by a Service of the kind that
    the platform's settings choose; a balancer in the open internet never gets what is for operators.
    """

    port: str
    published: int
    audience: Literal["clients", "operators"]
    """Who connects: the users of the applications, or the people who run the stack (metrics, status, alerts). There is
    no default, so that nothing is shown to the internet because somebody did not think of it."""
    sources: tuple[str, ...] = ()
    """Address ranges that may connect; empty: all. The container closes other connections by the address that it sees,
    so a platform that hides the client's address refuses the field."""
