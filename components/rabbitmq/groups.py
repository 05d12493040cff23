"""The processes of a cluster."""

from collections.abc import Iterator

from components.copies import copier
from components.copies.copier import copier_word
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
    if settings.backups:
        yield group(copier_word(name), 1, copier.RESOURCES, needed=0, moves=True, without=f"copies of {name}")
