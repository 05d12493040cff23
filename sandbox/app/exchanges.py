"""Conversations in Postgres: one row for each prompt and its answer."""

import uuid
from dataclasses import asdict, dataclass

from .database import Connection, Database


@dataclass(frozen=True)
class Exchange:
    """A prompt, its complete answer, and the replica that gave it."""

    id: str
    session: str
    prompt: str
    answer: str
    replica: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


async def store(database: Database, exchange: Exchange) -> None:
    """Returns after the commit. The id is the client's, so a second try changes nothing."""

    async def insert(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO exchanges (id, session, prompt, answer, replica) VALUES ($1, $2, $3, $4, $5) "
            "ON CONFLICT (id) DO UPDATE SET answer = excluded.answer",
            uuid.UUID(exchange.id),
            exchange.session,
            exchange.prompt,
            exchange.answer,
            exchange.replica,
        )

    await database.run(insert, idempotent=True)


async def load(database: Database, exchange_id: uuid.UUID) -> Exchange | None:
    """None when there is none of this id."""

    async def select(connection: Connection) -> Exchange | None:
        row = await connection.fetchrow(
            "SELECT id, session, prompt, answer, replica FROM exchanges WHERE id = $1", exchange_id
        )
        return Exchange(**{**row, "id": row["id"].hex}) if row else None

    return await database.run(select, idempotent=True)
