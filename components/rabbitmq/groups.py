"""The processes of a cluster."""

from collections.abc import Iterator

from components.groups import group
from components.rabbitmq.settings import RabbitSettings
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: RabbitSettings, around: Surroundings) -> Iterator[Group]:
    """Queues take messages while a majority of the nodes is there."""
    hosts = (settings.hosts or around.names)[: settings.members]
    yield group(
        f"{name}-rabbitmq",
        settings.members,
        settings.node_resources,
        needed=settings.majority,
        hosts=hosts,
        without=f"messages of {name}",
    )
