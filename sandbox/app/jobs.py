"""A queue in Redis whose jobs are finished at least once, also when a worker is killed in the middle of one."""

import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

_QUEUE = "jobs:queue"
_DONE = "jobs:done"
_WORKERS = "jobs:workers"
_LEASE_SECONDS = 15
"""A worker that renewed nothing for so long is lost, and its jobs are queued again."""


@dataclass(frozen=True)
class Job:
    """`ms`: how long the work takes."""

    id: str
    ms: int


class Jobs:
    """Raises redis_client.UNAVAILABLE when the master cannot be reached."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    async def put(self, ms: int) -> Job:
        """Queues a new job."""
        job = Job(id=uuid.uuid4().hex, ms=ms)
        await self._redis.lpush(_QUEUE, json.dumps(asdict(job)))
        return job

    async def counts(self) -> dict[str, int]:
        """Queued, taken by a worker, done."""
        workers = await self._redis.smembers(_WORKERS)
        taken = [await self._redis.llen(_taken(worker)) for worker in workers]
        return {
            "queued": await self._redis.llen(_QUEUE),
            "taken": sum(taken),
            "done": await self._redis.scard(_DONE),
        }

    async def renew(self, worker: str) -> None:
        """Says that `worker` lives; call it more often than every 15 s."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.sadd(_WORKERS, worker)
            pipeline.set(_lease(worker), "1", ex=_LEASE_SECONDS)
            await pipeline.execute()

    async def take(self, worker: str, wait_seconds: float) -> Job | None:
        """Moves the oldest job to the worker's own list; None when none came in `wait_seconds`."""
        item = await self._redis.blmove(_QUEUE, _taken(worker), wait_seconds, "RIGHT", "LEFT")
        return Job(**json.loads(item)) if item else None

    async def finish(self, worker: str, job: Job) -> None:
        """Done and no longer taken, in one step; a job that ran twice counts once."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.sadd(_DONE, job.id)
            pipeline.lrem(_taken(worker), 1, json.dumps(asdict(job)))
            await pipeline.execute()

    async def requeue(self, worker: str) -> int:
        """Puts back what `worker` took and did not finish; returns how many."""
        count = 0
        while await self._redis.lmove(_taken(worker), _QUEUE, "RIGHT", "RIGHT"):
            count += 1
        return count

    async def requeue_lost(self) -> int:
        """Puts back the jobs of every worker whose lease ran out; returns how many."""
        count = 0
        for worker in await self._redis.smembers(_WORKERS):
            if not await self._redis.exists(_lease(worker)):
                count += await self.requeue(worker)
                await self._redis.srem(_WORKERS, worker)
        return count


def _taken(worker: str) -> str:
    return f"jobs:taken:{worker}"


def _lease(worker: str) -> str:
    return f"jobs:lease:{worker}"
