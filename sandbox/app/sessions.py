"""Session state in Redis: a counter and the history of a conversation, kept for an hour after the last use."""

import json
from typing import Any

_LIFETIME_SECONDS = 3600
_HISTORY_LENGTH = 50


class Sessions:
    """Raises redis_client.UNAVAILABLE when the master cannot be reached."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    async def check(self) -> None:
        """Raises unless the master answers."""
        await self._redis.ping()

    async def count(self, session: str) -> int:
        """How often this session came, this time included."""
        key = _key(session, "count")
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, _LIFETIME_SECONDS)
            count, _ = await pipeline.execute()
        return int(count)

    async def remember(self, session: str, exchange: dict[str, str]) -> None:
        """Appends to the history."""
        key = _key(session, "history")
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(key, json.dumps(exchange))
            pipeline.ltrim(key, -_HISTORY_LENGTH, -1)
            pipeline.expire(key, _LIFETIME_SECONDS)
            await pipeline.execute()

    async def history(self, session: str) -> list[dict[str, str]]:
        """The remembered exchanges, oldest first."""
        return [json.loads(item) for item in await self._redis.lrange(_key(session, "history"), 0, -1)]


def _key(session: str, kind: str) -> str:
    return f"session:{session}:{kind}"
