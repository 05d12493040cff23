"""`python3 -m app.migrate`: brings the tables to this version; safe to run again, and at the same time."""

import asyncio
import os
import sys
import time
from typing import Any

import asyncpg

from .database import BROKEN, connect_arguments
from .log import log
from .settings import DatabaseSettings, SettingsError, read_database, read_number

MIGRATIONS = (
    """
    CREATE TABLE exchanges (
        id uuid PRIMARY KEY,
        session text NOT NULL,
        prompt text NOT NULL,
        answer text NOT NULL,
        replica text NOT NULL,
        created timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX exchanges_by_session ON exchanges (session, created);
    """,
    """
    CREATE TABLE writes (
        writer text NOT NULL,
        sequence bigint NOT NULL,
        replica text NOT NULL,
        attempts integer NOT NULL DEFAULT 1,
        created timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (writer, sequence)
    );
    """,
)
"""Never edited, only added to: a database remembers how many of them it has."""

LOCK = 7_241_983_001
"""Any number, as long as every version of the application uses the same one."""


async def migrate(settings: DatabaseSettings, wait_seconds: float) -> int:
    """Applies what is missing, all of it or nothing; returns how many. Raises what asyncpg raises.

    Waits `wait_seconds` for a primary to be there, and as long for another migration to end.
    """
    connection = await _connect(settings, wait_seconds)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{wait_seconds:.0f}s'")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK, timeout=wait_seconds + 5)
            await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)")
            version: int = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version")
            for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
                await connection.execute(statements)
                await connection.execute("INSERT INTO schema_version VALUES ($1)", number)
            return max(0, len(MIGRATIONS) - version)
    finally:
        await connection.close(timeout=settings.connect_timeout)


async def _connect(settings: DatabaseSettings, wait_seconds: float) -> Any:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return await asyncpg.connect(**connect_arguments(settings))
        except BROKEN:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)


def main() -> None:
    """Exits with 0 when the tables are up to date, else with 1 and one sentence."""
    if os.environ.get("MIGRATE_FAIL") == "1":
        sys.exit("migration refused by MIGRATE_FAIL=1")
    try:
        settings = read_database()
        if settings is None:
            sys.exit("migration impossible: no database is configured, set DATABASE_URL_FILE")
        applied = asyncio.run(migrate(settings, read_number(os.environ, "MIGRATE_WAIT_SECONDS", 60)))
    except SettingsError as error:
        sys.exit(str(error))
    except (*BROKEN, asyncpg.PostgresError) as error:
        sys.exit(f"migration failed: {type(error).__name__}: {error}")
    log("migrated", applied=applied, version=len(MIGRATIONS))


if __name__ == "__main__":
    main()
