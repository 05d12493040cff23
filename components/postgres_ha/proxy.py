"""The write endpoint follows the primary by Patroni's REST checks."""

import pulumi

from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.write_proxy import NEVER_SECONDS, PrimaryCheck, write_proxy
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
