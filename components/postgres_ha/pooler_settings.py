"""The settings of the pooler in front of a PostgreSQL cluster."""

from typing import Literal

from pydantic import Field, model_validator

from components.placement import PlacementSettings
from components.sizes import ResourcesSettings
from settings.base import Settings
from settings.types import Seconds

CONSOLE = "pgbouncer"
"""The database that PgBouncer itself is."""
PAUSE_SECONDS = 3
"""Longer than most transactions of applications, and what all others wait at most for one that is longer."""


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
    pause: Seconds | None = Field(default=None, ge=0, le=10)
    """With `transaction`: how long a planned change of the primary waits for transactions to end, while new ones queue;
    what takes longer gets an error. `0s`: it does not wait, and whatever is on its way gets one. Default: 3s, and at
    most half of `wait_timeout`."""
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
        if self.mode == "session" and self.pause is not None:
            raise ValueError("`pause` is for `mode: transaction`: a session ends when its client leaves")
        if self.pause is not None and self.pause > self.wait_timeout // 2:
            raise ValueError(
                f"`pause` ({self.pause}s) exceeds half of `wait_timeout` ({self.wait_timeout}s): queries that wait "
                "meanwhile also wait for the new primary, and would get errors; lower it, or raise `wait_timeout`"
            )
        return self

    @property
    def pauses(self) -> int:
        """Seconds; 0: nobody waits."""
        if self.mode == "session":
            return 0
        return min(PAUSE_SECONDS, self.wait_timeout // 2) if self.pause is None else self.pause

    def count(self, members: int) -> int:
        """Replicas in front of so many members."""
        return self.replicas or (2 if members > 1 else 1)
