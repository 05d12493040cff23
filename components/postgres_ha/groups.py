"""The processes of a PostgreSQL cluster, by what they do."""

from collections.abc import Iterator

from components.groups import group
from components.postgres_ha import applied
from components.postgres_ha.etcd import store_resources
from components.postgres_ha.members import server_resources
from components.postgres_ha.settings import PostgresSettings
from components.write_proxy import proxy
from guarantees.surroundings import Surroundings
from guarantees.topology import Group


def groups(name: str, settings: PostgresSettings, around: Surroundings) -> Iterator[Group]:
    """A primary that loses the store's majority stops: it cannot know that it is the only one."""
    places, members, store = settings.hosts or around.names, settings.members, settings.store_members
    servers, majority = server_resources(settings), store // 2 + 1
    yield group(f"{name}-pg", members, servers, hosts=places[:members], without=f"database {name}")
    yield group(
        f"{name}-etcd",
        store,
        store_resources(settings),
        needed=majority,
        hosts=places[:store],
        without=f"writes to {name}",
    )
    yield group(f"{name}-rw", proxy.replicas(members), proxy.RESOURCES, moves=True, without=f"address of {name}")
    yield group(f"{name}-pg-settings", 1, applied.RESOURCES, needed=0, moves=True, without=f"settings of {name}")
