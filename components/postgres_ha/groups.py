"""The processes of a PostgreSQL cluster, by what they do."""

from collections.abc import Iterator

from components.postgres_ha.settings import PostgresSettings
from components.write_proxy.proxy import replicas
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: PostgresSettings, around: Surroundings) -> Iterator[Group]:
    """A primary that loses the store's majority stops: it cannot know that it is the only one."""
    places, members, store = settings.hosts or around.names, settings.members, settings.store_members
    yield Group(name=f"{name}-pg", count=members, needed=1, hosts=places[:members], without=f"database {name}")
    yield Group(
        name=f"{name}-etcd", count=store, needed=store // 2 + 1, hosts=places[:store], without=f"writes to {name}"
    )
    yield Group(name=f"{name}-rw", count=replicas(members), needed=1, moves=True, without=f"address of {name}")
