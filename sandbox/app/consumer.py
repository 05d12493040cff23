"""What a worker does: takes jobs from Redis, one at a time, and its heart beats between them."""

import asyncio
import signal
import socket
import time

from . import heartbeat, redis_client
from .jobs import Jobs
from .log import log
from .settings import SettingsError, read_redis

_WAIT_SECONDS = 1.0
_REQUEUE_EVERY_SECONDS = 5.0


class Worker:
    """Finishes the job it has when it is asked to stop."""

    def __init__(self, jobs: Jobs, name: str) -> None:
        self._jobs = jobs
        self._name = name
        self._stopping = asyncio.Event()
        self._requeued_at = 0.0

    def stop(self) -> None:
        """After the current job."""
        self._stopping.set()

    async def run(self) -> None:
        """Until stop(); a lost Redis is waited for."""
        while not self._stopping.is_set():
            heartbeat.beat()
            try:
                await self._step()
            except redis_client.UNAVAILABLE as error:
                log("redis_unavailable", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(1)

    async def _step(self) -> None:
        await self._jobs.renew(self._name)
        if time.monotonic() - self._requeued_at >= _REQUEUE_EVERY_SECONDS:
            # What a killed predecessor of the same name had taken, then what lost workers had.
            requeued = await self._jobs.requeue(self._name) + await self._jobs.requeue_lost()
            self._requeued_at = time.monotonic()
            if requeued:
                log("jobs_requeued", count=requeued)
        job = await self._jobs.take(self._name, _WAIT_SECONDS)
        if job is None:
            return
        await asyncio.sleep(job.ms / 1000)
        await self._jobs.finish(self._name, job)
        log("job_done", id=job.id, worker=self._name)


async def consume() -> None:
    """Until SIGTERM; raises SettingsError."""
    settings = read_redis()
    if settings is None:
        raise SettingsError("REDIS_SENTINELS is missing: a worker takes its jobs from Redis")
    redis = redis_client.connect(settings)
    worker = Worker(Jobs(redis), socket.gethostname())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop)
    await worker.run()
    await redis.aclose()
    log("stopped")
