"""Session state in Redis: a counter and the history of a conversation, kept for an hour after the last use."""

import json
from collections import deque
from typing import Any

_LIFETIME_SECONDS = 3600
_HISTORY_LENGTH = 50
_LOOKUPS = 1000
"""So many make up the ratio: one since the start would hide what changed."""


class Sessions:
    """Raises redis_client.UNAVAILABLE when the master cannot be reached."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._found: deque[bool] = deque(maxlen=_LOOKUPS)

    @property
    def hit_ratio(self) -> float:
        """The part of the last lookups that found a session; 1 before the first one."""
        return sum(self._found) / len(self._found) if self._found else 1.0

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
        self._found.append(int(count) > 1)
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
        items = await self._redis.lrange(_key(session, "history"), 0, -1)
        self._found.append(bool(items))
        return [json.loads(item) for item in items]


def _key(session: str, kind: str) -> str:
    return f"session:{session}:{kind}"
