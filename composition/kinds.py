"""The list of kinds, in the order in which a stack is built: a component names only kinds before its own,
or what is promised before it is built (`Kind.promise`)."""

from collections.abc import Iterator
from typing import Any

from components.app_tier.kind import APPS
from components.kind import Gives, Kind, Part
from components.load_balancer.kind import BALANCERS
from components.monitoring_stack.kind import MONITORING
from components.postgres_ha.kind import DATABASES
from components.rabbitmq.kind import BROKERS
from components.redis_cluster.kind import CLUSTERS
from components.redis_sentinel.kind import CACHES
from components.repository.kind import REPOSITORIES
from components.shared_volume.kind import VOLUMES
from composition.stack import Stack
from settings.base import Settings

KINDS: tuple[Kind[Any], ...] = (
    VOLUMES,
    REPOSITORIES,
    DATABASES,
    CACHES,
    CLUSTERS,
    BROKERS,
    APPS,
    BALANCERS,
    MONITORING,
)

MAPS = tuple(key for key in Stack.model_fields if any(kind.key == key and not kind.single for kind in KINDS))
"""The keys of a stack that are maps from names to components, in the order of the model."""


def components(stack: Settings) -> Iterator[tuple[Kind[Any], Part[Any]]]:
    """Every component of the stack with its kind."""
    for kind in KINDS:
        for part in kind.parts(stack):
            yield kind, part


def clients(stack: Settings, name: str) -> tuple[str, ...]:
    """The components that use the contract of the component `name`, sorted."""
    return tuple(
        sorted(
            part.name
            for kind, part in components(stack)
            if any(use.gives is Gives.CONTRACT and use.name == name for use in kind.uses(part.settings))
        )
    )


def users(stack: Stack, name: str) -> tuple[str, ...]:
    """The components that use the contract of the component `name`, or of a part of it, sorted."""
    return tuple(
        sorted(
            part.name
            for kind, part in components(stack)
            if any(
                use.gives is Gives.CONTRACT and use.name.partition("/")[0] == name for use in kind.uses(part.settings)
            )
        )
    )


def keepers(stack: Settings) -> Iterator[str]:
    """Path below the stack's root of everything that keeps data in volumes."""
    for kind, part in components(stack):
        for key in kind.keeps(part.settings):
            yield (part.origin.at(key) if key else part.origin).path


def published_ports(stack: Settings) -> Iterator[tuple[str, int]]:
    """Path below the stack's root, and port, of everything that the stack publishes."""
    for kind, part in components(stack):
        for key, port in kind.ports(part.settings):
            yield part.origin.at(key).path, port
