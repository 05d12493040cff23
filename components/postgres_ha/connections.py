"""How many connections a PostgreSQL cluster has for clients."""

from collections.abc import Iterator

from components.postgres_ha.settings import PostgresSettings
from guarantees.connections import Limit, Pool
from model import Rollout

POOLER = "pooler"
"""The door of a database that its pooler is."""

RESERVED = {"superuser_reserved_connections": 3, "reserved_connections": 0}
"""PostgreSQL's defaults of what it keeps free of ordinary clients."""
PATRONI = 2
"""Patroni's own: its look at the server, and its REST API."""
SETTINGS_JOB = 1
"""The job that brings the cluster to the stack file's settings."""
EXPORTER = 2
"""postgres_exporter: for its own figures, and for our queries. A scrape that takes longer than the next is rare."""
DUMPS = 1
"""One database at a time, where there are dumps."""
REWIND = 1
"""A former primary that `pg_rewind` brings back. Replicas and copies of the data count against `max_wal_senders`."""


def limits(settings: PostgresSettings) -> Iterator[Limit]:
    """Of the primary, where all clients write, and of the pooler while one of its replicas is lost."""
    kept = {name: _number(settings.parameters.get(name), default) for name, default in RESERVED.items()}
    yield Limit(
        most=settings.max_connections,
        kept=kept
        | {"Patroni": PATRONI, "settings job": SETTINGS_JOB, "exporter": EXPORTER, "pg_rewind": REWIND}
        | ({"dumps": DUMPS} if settings.dumps else {}),
        key="max_connections",
    )
    if settings.pooler is not None:
        each, count = settings.pooler.max_connections, settings.pooler.count(settings.members)
        lost = {"a lost replica's": each} if count > 1 else {}
        yield Limit(most=each * count, kept=lost, key="pooler.max_connections", door=POOLER, parts=count)


def pools(name: str, settings: PostgresSettings) -> Iterator[Pool]:
    """The pooler's own: it takes so many for each database, and in a rollout one replica more runs."""
    if settings.pooler is not None:
        yield Pool(
            client=f"{name}-pooler",
            server=name,
            processes=settings.pooler.count(settings.members) + Rollout().parallelism,
            each=settings.pooler.pool_size * len(settings.every_owner),
            key="pooler.pool_size",
        )


def _number(text: str | None, default: int) -> int:
    """A rule of its own refuses what is no number."""
    return int(text) if text is not None and text.isdecimal() else default
