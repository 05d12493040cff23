"""How many connections a PostgreSQL cluster has for clients."""

from components.postgres_ha.settings import PostgresSettings
from guarantees.connections import Limit

RESERVED = {"superuser_reserved_connections": 3, "reserved_connections": 0}
"""PostgreSQL's defaults of what it keeps free of ordinary clients."""
PATRONI = 2
"""Patroni's own: its look at the server, and its REST API."""
SETTINGS_JOB = 1
"""The job that brings the cluster to the stack file's settings."""
REWIND = 1
"""A former primary that `pg_rewind` brings back. Replicas and copies of the data count against `max_wal_senders`."""


def limit(settings: PostgresSettings) -> Limit:
    """Of the primary: all clients write there."""
    kept = {name: _number(settings.parameters.get(name), default) for name, default in RESERVED.items()}
    return Limit(
        most=settings.max_connections,
        kept=kept | {"Patroni": PATRONI, "settings job": SETTINGS_JOB, "pg_rewind": REWIND},
        key="max_connections",
    )


def _number(text: str | None, default: int) -> int:
    """A rule of its own refuses what is no number."""
    return int(text) if text is not None and text.isdecimal() else default
