"""The replicas of an application, as one group of processes."""

from collections.abc import Iterator

from components.app_tier.settings import AppTierSettings
from components.kind import Part
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(part: Part[AppTierSettings], around: Surroundings) -> Iterator[Group]:
    """Those with volumes stay on their hosts."""
    settings = part.settings
    hosts = (settings.hosts or around.names)[: settings.count] if settings.volumes else ()
    yield Group(
        name=part.name,
        count=settings.count,
        needed=1,
        hosts=hosts,
        moves=not settings.volumes,
        without=f"app {part.name}",
    )
