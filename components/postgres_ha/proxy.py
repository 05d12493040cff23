"""The endpoints follow the primary, and the replicas, by Patroni's REST checks."""

import pulumi

from components.postgres_ha.settings import PostgresSettings, ReadsSettings
from components.scope import Scope
from components.write_proxy import NEVER_SECONDS, PrimaryCheck, Reads, write_proxy
from model import Endpoint, Image, Port

CHECK = PrimaryCheck(lines=("option httpchk OPTIONS /primary", "http-check expect status 200"), port=8008)
"""Patroni answers 200 for the member that holds the leader lock."""


def write_endpoint(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: Image,
    members: Endpoint,
    depends_on: tuple[pulumi.Resource, ...],
) -> Endpoint:
    """`<name>-rw`, with twice PostgreSQL's connections: it is PostgreSQL that says when there are too many."""
    return write_proxy(
        scope,
        f"{name}-rw",
        image=image,
        port=Port(name="postgres", number=5432),
        members=members,
        check=CHECK,
        max_connections=settings.max_connections * 2,
        idle_seconds=settings.idle_timeout or NEVER_SECONDS,
        depends_on=depends_on,
    )


def reads(settings: ReadsSettings) -> Reads:
    """Patroni answers 200 for a replica that streams and lags less, as it knows it since its last look."""
    lag = f"{settings.max_lag // 1024}kB"
    lines = (f"option httpchk OPTIONS /replica?lag={lag}", "http-check expect status 200")
    return Reads(lines=lines, fallback=settings.fallback == "primary")


def read_endpoint(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: Image,
    members: Endpoint,
    depends_on: tuple[pulumi.Resource, ...],
) -> Endpoint | None:
    """`<name>-ro`, where the stack file wants it. It carries twice the connections of all members."""
    if settings.reads is None:
        return None
    return write_proxy(
        scope,
        f"{name}-ro",
        image=image,
        port=Port(name="postgres", number=5432),
        members=members,
        check=CHECK,
        max_connections=settings.max_connections * 2 * settings.members,
        idle_seconds=settings.idle_timeout or NEVER_SECONDS,
        reads=reads(settings.reads),
        depends_on=depends_on,
    )
