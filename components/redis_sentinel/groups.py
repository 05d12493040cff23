"""The processes of a Redis group, by what they do."""

from collections.abc import Iterator

from components.copies import copier
from components.copies.copier import copier_word
from components.groups import group
from components.redis import exporter
from components.redis_sentinel.copies import trial_resources, trial_word
from components.redis_sentinel.redis import server_resources
from components.redis_sentinel.sentinel import sentinel_resources
from components.redis_sentinel.settings import RedisSettings
from components.write_proxy import proxy
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: RedisSettings, around: Surroundings) -> Iterator[Group]:
    """A master takes writes while it has as many replicas as they need."""
    members, hosts = settings.members, (settings.hosts or around.names)[: settings.members]
    servers, writing = server_resources(settings), 1 + settings.replicas_to_write
    yield group(f"{name}-redis", members, servers, needed=writing, hosts=hosts, without=f"writes to {name}")
    yield group(
        f"{name}-sentinel",
        members,
        sentinel_resources(settings),
        needed=settings.quorum,
        hosts=hosts,
        without=f"failover of {name}",
    )
    if settings.endpoint:
        proxies = proxy.replicas(members)
        yield group(f"{name}-rw", proxies, proxy.RESOURCES, moves=True, without=f"address of {name}")
    if settings.backups:
        yield group(copier_word(name), 1, copier.RESOURCES, needed=0, moves=True, without=f"copies of {name}")
        yield group(trial_word(name), 1, trial_resources(settings), needed=0, moves=True, without=f"copies of {name}")
    yield group(f"{name}-exporter", 1, exporter.RESOURCES, needed=0, moves=True, without=f"metrics of {name}")
