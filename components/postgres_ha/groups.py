"""The processes of a PostgreSQL cluster, by what they do."""

from collections.abc import Iterator

from components.groups import group
from components.postgres_ha import applied, exporter, pooler, pooler_exporter
from components.postgres_ha.dumps import dump_resources
from components.postgres_ha.etcd import store_resources
from components.postgres_ha.members import server_resources
from components.postgres_ha.settings import PostgresSettings
from components.write_proxy import proxy
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: PostgresSettings, around: Surroundings) -> Iterator[Group]:
    """A primary that loses the store's majority stops: it cannot know that it is the only one."""
    members, store = settings.members, settings.store_members
    strict = settings.synchronous == "strict"
    yield group(
        f"{name}-pg",
        members,
        server_resources(settings),
        needed=2 if strict else 1,
        hosts=(settings.hosts or around.names)[:members],
        without=f"writes to {name}" if strict else f"database {name}",
    )
    yield group(
        f"{name}-etcd",
        store,
        store_resources(settings),
        needed=store // 2 + 1,
        hosts=(settings.store_hosts or around.names)[:store],
        without=f"writes to {name}",
    )
    yield group(f"{name}-rw", proxy.replicas(members), proxy.RESOURCES, moves=True, without=f"address of {name}")
    if settings.reads is not None:
        yield group(f"{name}-ro", proxy.replicas(members), proxy.RESOURCES, moves=True, without=f"reads of {name}")
    if settings.pooler is not None:
        count, each = settings.pooler.count(members), pooler.resources(settings.pooler)
        yield group(f"{name}-pooler", count, each, moves=True, without=f"pooler of {name}")
        yield group(
            f"{name}-pooler-exporter",
            1,
            pooler_exporter.RESOURCES,
            needed=0,
            moves=True,
            without=f"metrics of the pooler of {name}",
        )
    yield group(f"{name}-pg-exporter", 1, exporter.RESOURCES, needed=0, moves=True, without=f"metrics of {name}")
    yield group(f"{name}-pg-settings", 1, applied.RESOURCES, needed=0, moves=True, without=f"settings of {name}")
    if settings.dumps is not None:
        place = (settings.dumps.host,) if settings.dumps.host else around.names[:1]
        yield group(
            f"{name}-dumps",
            1,
            dump_resources(settings.dumps),
            needed=len(place),
            hosts=place,
            moves=not place,
            without=f"dumps of {name}",
        )
