"""The replicas of an application, as one group of processes."""

from collections.abc import Iterator

from components.app_tier.celery.exporter import RESOURCES, exporter_name
from components.app_tier.container import resources
from components.app_tier.schedules import schedule_resources
from components.app_tier.settings import AppTierSettings
from components.groups import group
from components.kind import Part
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(part: Part[AppTierSettings], around: Surroundings) -> Iterator[Group]:
    """Those with volumes stay on their hosts, and so do clocks where hosts have names."""
    settings = part.settings
    hosts = (settings.hosts or around.names)[: settings.count] if settings.volumes else ()
    each = resources(settings)
    yield group(
        part.name,
        settings.count,
        each,
        most=settings.scaling.max if settings.scaling else 0,
        hosts=hosts,
        moves=not settings.volumes,
        without=f"app {part.name}",
    )
    if settings.celery:
        yield group(
            exporter_name(part.name), 1, RESOURCES, needed=0, moves=True, without=f"metrics of Celery's {part.name}"
        )
    if settings.migrations:
        yield group(f"{part.name}-migrate", 1, each, needed=0, moves=True, without=f"migrations of {part.name}")
    for key, own in settings.schedules.items():
        place = (own.host,) if own.host else around.names[:1]
        yield group(
            f"{part.name}-{key}",
            1,
            schedule_resources(settings, own),
            needed=len(place),
            hosts=place,
            moves=not place,
            without=f"schedule {key} of {part.name}",
        )
