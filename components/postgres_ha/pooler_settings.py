"""The settings of the pooler in front of a PostgreSQL cluster."""

from typing import Literal

from pydantic import Field, model_validator

from components.placement import PlacementSettings
from components.sizes import ResourcesSettings
from settings.base import Settings
from settings.types import Seconds

CONSOLE = "pgbouncer"
"""The database that PgBouncer itself is."""


class PoolerSettings(Settings):
    """PgBouncer: many connections of applications share few of the primary's. An application's `uses` say `pooled`."""

    mode: Literal["transaction", "session"] = "transaction"
    """`transaction`: a connection of the primary is lent for one transaction. What belongs to a session does not work
    then: `SET`, `LISTEN`, temporary tables, advisory locks of sessions, `PREPARE` in SQL. `session`: it is lent until
    the client leaves."""
    replicas: int | None = Field(default=None, ge=1, le=10, strict=True)
    """How many run, each on a host of its own if the cluster has several members. Default: 2, and 1 for one member."""
    pool_size: int = Field(default=20, ge=1, le=1000, strict=True)
    """Connections to the primary that each replica opens at most for each database of the cluster, for all roles
    together. They count against `max_connections` of the cluster."""
    max_connections: int = Field(default=1000, ge=10, le=20_000, strict=True)
    """Connections of applications that each replica takes. Where they say `pool`, all of them have to fit while one
    replica is lost."""
    prepared_statements: int = Field(default=200, ge=0, le=10_000, strict=True)
    """With `transaction`: how many prepared statements of its clients a connection of the primary keeps, so that those
    of the protocol (asyncpg, JDBC, psycopg) work. 0: they do not."""
    wait_timeout: Seconds = Field(default=120, ge=5, le=3600)
    """How long a query waits for a connection of the primary, because all are lent or because there is no primary. Then
    its client gets an error."""
    drain: Seconds = Field(default=60, ge=1, le=3600)
    """How long a replica that stops lets transactions end (with `session`: clients leave) before it is killed."""
    resources: ResourcesSettings | None = None
    """CPU and memory of each replica; default 50m reserved and at most 1 core, 64Mi reserved and at most 256Mi. One
    replica uses one core."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""

    @model_validator(mode="after")
    def _consistent(self) -> "PoolerSettings":
        if self.mode == "session" and "prepared_statements" in self.model_fields_set:
            raise ValueError("`prepared_statements` is for `mode: transaction`: a session keeps its own")
        return self

    def count(self, members: int) -> int:
        """Replicas in front of so many members."""
        return self.replicas or (2 if members > 1 else 1)
