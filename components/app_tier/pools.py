"""The connections that an application opens at the same time."""

from collections.abc import Iterator

from components.app_tier.replicas import most
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.kind import Part
from guarantees.connections import Pool


def pools(part: Part[AppTierSettings]) -> Iterator[Pool]:
    """A migration runs before the new replicas start, beside all old ones: where a rollout starts more than one replica
    first it adds nothing. Where these come through a pooler, it comes alone. A schedule adds itself at any time. Of a
    Celery worker each process has one connection at least.
    """
    settings = part.settings
    full = settings.scaling.max if settings.scaling else settings.count
    migrating = 1 if settings.migrations else 0
    scheduled = len(settings.schedules)
    for name, use in each_use(settings.uses).items():
        door = "pooler" if use.pooled else ""
        processes = most(settings) if use.pooled else max(most(settings), full + migrating) + scheduled
        key = f"uses.{name}.pool"
        workers = settings.celery.worker.concurrency if settings.celery else None
        each, assumed = (workers, True) if use.pool is None and workers else (use.pool, False)
        yield Pool(client=part.name, server=name, processes=processes, each=each, key=key, door=door, assumed=assumed)
        if use.pooled and migrating + scheduled:
            alone = " and ".join(["migrations"] * bool(migrating) + ["schedules"] * bool(scheduled))
            client = f"{part.name}'s {alone}"
            yield Pool(client=client, server=name, processes=migrating + scheduled, each=use.pool, key=key)
