"""The endpoints follow the primary, and the replicas, by Patroni's REST checks."""

from pathlib import Path

import pulumi

from components.postgres_ha.rest import primary_check, ways
from components.postgres_ha.settings import PostgresSettings, ReadsSettings
from components.scope import Scope
from components.verified import Verified
from components.write_proxy import NEVER_SECONDS, Reads, Waits, write_proxy
from model import Endpoint, Image, Port

_FILES = Path(__file__).parent / "files"


def reads(settings: ReadsSettings) -> Reads:
    """Patroni answers 200 for a replica that streams and lags less, as it knows it since its last look."""
    lag = f"{settings.max_lag // 1024}kB"
    lines = (f"option httpchk OPTIONS /replica?lag={lag}", "http-check expect status 200")
    return Reads(lines=lines, fallback=settings.fallback == "primary")


def waits(settings: PostgresSettings) -> Waits | None:
    """As long as a query waits in the pooler, where there is one."""
    if settings.pooler is None:
        return None
    program = (_FILES / "wait.lua").read_text()
    return Waits(program=program, seconds=settings.pooler.wait_timeout, arguments=ways(settings))


def endpoint(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: Image,
    members: Endpoint,
    verified: Verified,
    depends_on: tuple[pulumi.Resource, ...],
    reading: ReadsSettings | None = None,
) -> Endpoint:
    """`<name>-rw`, or `<name>-ro` for `reading`, with twice the connections of the servers that it leads to: it is
    PostgreSQL that says when there are too many."""
    servers = settings.members if reading else 1
    return write_proxy(
        scope,
        f"{name}-{'ro' if reading else 'rw'}",
        image=image,
        port=Port(name="postgres", number=5432),
        members=members,
        check=primary_check(settings, verified),
        max_connections=settings.max_connections * 2 * servers,
        idle_seconds=settings.idle_timeout or NEVER_SECONDS,
        reads=reads(reading) if reading else None,
        waits=None if reading else waits(settings),
        depends_on=depends_on,
    )
