"""Postgres through a pool that survives a failover: dead connections are dropped, safe statements tried once more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from .settings import DatabaseSettings

T = TypeVar("T")
Connection = Any
"""An asyncpg connection (the package has no types)."""

BROKEN = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TargetServerAttributeNotMatched,
    asyncpg.TooManyConnectionsError,
)
"""What a lost, restarting or demoted primary looks like from here."""

_LIBPQ_ONLY = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
_RETRY_AFTER_SECONDS = 0.2


class DatabaseUnavailable(Exception):
    """The write endpoint did not answer in time; the message never holds the URL."""


class Database:
    """Connections are opened on first use, so that the process starts and lives without its database."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._pool: Any = None

    async def open(self) -> None:
        """Makes the pool; connects nothing."""
        self._pool = await asyncpg.create_pool(
            **connect_arguments(self._settings),
            min_size=0,
            max_size=self._settings.pool_max,
            # A connection to a primary that was lost must not sleep in the pool for long.
            max_inactive_connection_lifetime=60,
        )

    async def close(self) -> None:
        """Drops the connections; waits for none."""
        if self._pool is not None:
            self._pool.terminate()

    @property
    def pool_size(self) -> int:
        """Open connections."""
        return int(self._pool.get_size()) if self._pool is not None else 0

    @property
    def pool_idle(self) -> int:
        """Open connections without work."""
        return int(self._pool.get_idle_size()) if self._pool is not None else 0

    async def run(self, statement: Callable[[Connection], Awaitable[T]], *, idempotent: bool) -> T:
        """Runs `statement` on a connection; an `idempotent` one a second time when its connection broke.

        Raises DatabaseUnavailable.
        """
        try:
            return await self._once(statement)
        except BROKEN as error:
            if not idempotent:
                raise DatabaseUnavailable(_reason(error)) from error
        await asyncio.sleep(_RETRY_AFTER_SECONDS)
        try:
            return await self._once(statement)
        except BROKEN as error:
            raise DatabaseUnavailable(_reason(error)) from error

    async def check(self) -> None:
        """Raises DatabaseUnavailable unless a primary answers."""

        async def in_recovery(connection: Connection) -> bool:
            return bool(await connection.fetchval("SELECT pg_is_in_recovery()"))

        if await self.run(in_recovery, idempotent=False):
            raise DatabaseUnavailable("the write endpoint leads to a standby")

    async def _once(self, statement: Callable[[Connection], Awaitable[T]]) -> T:
        connection = await self._pool.acquire(timeout=self._settings.connect_timeout)
        try:
            return await statement(connection)
        except BROKEN:
            # The idle connections lead to the same lost primary.
            await self._pool.expire_connections()
            connection.terminate()
            raise
        except asyncio.CancelledError:
            # Without it the release would wait for a cancel request, perhaps to a host that is gone.
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection)


def connect_arguments(settings: DatabaseSettings) -> dict[str, Any]:
    """What asyncpg.connect and asyncpg.create_pool share."""
    parts = urlsplit(settings.url)
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key not in _LIBPQ_ONLY])
    return {
        "dsn": urlunsplit(parts._replace(query=query)),
        "timeout": settings.connect_timeout,
        "command_timeout": settings.command_timeout,
        "target_session_attrs": "read-write",
    }


def _reason(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}".rstrip(": ")
