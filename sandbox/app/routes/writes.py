"""Numbered writes: acknowledged only after the commit, so that a lost one can be named."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from ..context import InContext
from ..database import Connection, Database
from ..log import log

router = APIRouter(prefix="/writes")
Writer = Annotated[str, Query(min_length=1, max_length=100)]


class Write(BaseModel):
    """The `sequence`-th write of `writer`, from 1."""

    writer: str = Field(min_length=1, max_length=100)
    sequence: int = Field(ge=1, le=2**62)


def _database(context: InContext) -> Database:
    if context.database is None:
        raise HTTPException(503, "no database is configured: set DATABASE_URL_FILE")
    return context.database


InDatabase = Annotated[Database, Depends(_database)]


@router.post("")
async def write(context: InContext, database: InDatabase, write: Write) -> dict[str, str | int]:
    """200 after the commit."""

    async def insert(connection: Connection) -> None:
        # On a second try the row may be there. DO NOTHING would then acknowledge a commit that a synchronous standby
        # may not have; the update makes this statement wait for its own.
        await connection.execute(
            "INSERT INTO writes (writer, sequence, replica) VALUES ($1, $2, $3) "
            "ON CONFLICT (writer, sequence) DO UPDATE SET attempts = writes.attempts + 1",
            write.writer,
            write.sequence,
            context.settings.replica,
        )

    await database.run(insert, idempotent=True)
    context.metrics.writes.inc()
    log("write_acknowledged", writer=write.writer, sequence=write.sequence)
    return {"writer": write.writer, "sequence": write.sequence, "replica": context.settings.replica}


@router.get("/count")
async def count(database: InDatabase, writer: Writer) -> dict[str, str | int]:
    """How many writes of `writer` are stored, and the highest number among them (0: none)."""

    async def select(connection: Connection) -> dict[str, str | int]:
        row = await connection.fetchrow(
            "SELECT count(*) AS count, coalesce(max(sequence), 0) AS highest FROM writes WHERE writer = $1", writer
        )
        return {"writer": writer, **row}

    return await database.run(select, idempotent=True)


@router.get("/missing")
async def missing(
    database: InDatabase, writer: Writer, upto: Annotated[int, Query(ge=0, le=100_000)]
) -> dict[str, object]:
    """Which of 1..`upto` are not stored."""

    async def select(connection: Connection) -> list[int]:
        rows = await connection.fetch(
            "SELECT n FROM generate_series(1, $2::bigint) AS n "
            "WHERE NOT EXISTS (SELECT FROM writes WHERE writer = $1 AND sequence = n) ORDER BY n",
            writer,
            upto,
        )
        return [row["n"] for row in rows]

    absent = await database.run(select, idempotent=True)
    return {"writer": writer, "upto": upto, "count": len(absent), "missing": absent}
