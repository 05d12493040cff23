"""The processes of a Redis group, by what they do."""

from collections.abc import Iterator

from components.redis_sentinel.settings import RedisSettings
from components.write_proxy.proxy import replicas
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: RedisSettings, around: Surroundings) -> Iterator[Group]:
    """A master without a replica takes writes of a cache alone."""
    members, hosts = settings.members, (settings.hosts or around.names)[: settings.members]
    writing = 1 if members == 1 or settings.role == "cache" else 2
    yield Group(name=f"{name}-redis", count=members, needed=writing, hosts=hosts, without=f"writes to {name}")
    yield Group(
        name=f"{name}-sentinel", count=members, needed=settings.quorum, hosts=hosts, without=f"failover of {name}"
    )
    if settings.endpoint:
        yield Group(name=f"{name}-rw", count=replicas(members), needed=1, moves=True, without=f"address of {name}")
