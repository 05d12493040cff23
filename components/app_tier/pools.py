"""The connections that an application opens at the same time."""

from collections.abc import Iterator

from components.app_tier.replicas import most
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.kind import Part
from guarantees.connections import Pool


def pools(part: Part[AppTierSettings]) -> Iterator[Pool]:
    """A migration runs before the new replicas start, beside all old ones: where a rollout starts more than one replica
    first it adds nothing. Where these come through a pooler, it comes alone."""
    settings = part.settings
    full = settings.scaling.max if settings.scaling else settings.count
    migrating = 1 if settings.migrations else 0
    for name, use in each_use(settings.uses).items():
        door = "pooler" if use.pooled else ""
        processes = most(settings) if use.pooled else max(most(settings), full + migrating)
        key = f"uses.{name}.pool"
        yield Pool(client=part.name, server=name, processes=processes, each=use.pool, key=key, door=door)
        if use.pooled and migrating:
            client = f"{part.name}'s migrations"
            yield Pool(client=client, server=name, processes=migrating, each=use.pool, key=key)
