"""The processes of a cluster, by what they do, and where its masters are."""

from collections import Counter
from collections.abc import Iterator

from components.groups import group
from components.redis import exporter
from components.redis_cluster.settings import ClusterSettings
from guarantees.surroundings import Surroundings
from guarantees.topology import Group

_RING = 3
"""Hosts that a Swarm takes in turn where none are named (`Members.shard`)."""


def places(settings: ClusterSettings, around: Surroundings, shard: int) -> tuple[str, ...]:
    """The hosts of the members of one shard, its home first; none where members have no hosts by name."""
    members = 1 + settings.replicas
    hosts = settings.hosts or around.names[: max(_RING, members)]
    return tuple(hosts[(shard + number) % len(hosts)] for number in range(members)) if hosts else ()


def most_masters(settings: ClusterSettings, around: Surroundings) -> int:
    """Masters on the host that has most of them, while each shard is led from its home."""
    homes = [hosts[0] for shard in range(settings.masters) if (hosts := places(settings, around, shard))]
    if homes:
        return max(Counter(homes).values())
    return 1 if around.hosts is None else -(-settings.masters // min(around.hosts, settings.masters))


def groups(name: str, settings: ClusterSettings, around: Surroundings) -> Iterator[Group]:
    """A shard takes writes while one of its members is there."""
    for shard in range(settings.masters):
        yield group(
            f"{name}-redis-{shard}",
            1 + settings.replicas,
            settings.member_resources,
            hosts=places(settings, around, shard),
            without=f"writes to shard {shard} of {name}",
        )
    yield group(f"{name}-exporter", 1, exporter.RESOURCES, needed=0, moves=True, without=f"metrics of {name}")
