"""The connections that an application opens at the same time."""

from collections.abc import Iterator

from components.app_tier.replicas import most
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.kind import Part
from guarantees.connections import Pool


def pools(part: Part[AppTierSettings]) -> Iterator[Pool]:
    """A migration runs before the new replicas start, beside all old ones: where a rollout starts more than one replica
    first it adds nothing."""
    settings = part.settings
    full = settings.scaling.max if settings.scaling else settings.count
    processes = max(most(settings), full + (1 if settings.migrations else 0))
    for name, use in each_use(settings.uses).items():
        yield Pool(client=part.name, server=name, processes=processes, each=use.pool, key=f"uses.{name}.pool")
