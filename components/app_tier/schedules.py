"""What an application runs by the clock: the words, what tells how the runs were, and what a rotation waits for."""

from collections.abc import Iterator

import pulumi

from components.app_tier.container import AppContainer, resources
from components.app_tier.schedule_settings import ScheduleSettings
from components.app_tier.settings import AppTierSettings
from components.observability import Observability
from components.schedules import schedule_observability
from components.scope import Scope
from components.sizes import PRESETS
from model import Outside, Resources, Schedule, Tier

KEY = "schedules"


def schedule_resources(settings: AppTierSettings, own: ScheduleSettings) -> Resources:
    """Its own, its preset's, or the application's."""
    if own.resources is not None:
        return own.resources.resources()
    return PRESETS[own.size] if own.size is not None else resources(settings)


def schedules(
    scope: Scope,
    name: str,
    settings: AppTierSettings,
    container: AppContainer,
    *,
    outside: tuple[Outside, ...],
    depends_on: tuple[pulumi.Resource, ...],
) -> Iterator[tuple[Observability, tuple[pulumi.Resource, ...]]]:
    """One word for each: what it gives to monitoring, and what runs it."""
    for key, own in settings.schedules.items():
        endpoint = scope.schedule(
            Schedule(
                name=f"{name}-{key}",
                origin=scope.at(KEY, key).origin,
                tier=Tier.APP,
                container=container.scheduled(own.command, schedule_resources(settings, own)),
                at=own.at,
                zone=own.time_zone,
                deadline_seconds=own.deadline,
                start_within_seconds=own.start_within,
                history=own.history,
                hosts=(own.host,) if own.host else (),
                node_labels=settings.placement.labels,
                tolerations=settings.placement.tolerated,
                outside=outside,
                priority=settings.priority,
                account_annotations=settings.account_annotations,
                depends_on=depends_on,
            )
        )
        yield schedule_observability(f"{name}-{key}", endpoint), endpoint.resources
