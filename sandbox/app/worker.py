"""`python3 -m app.worker`: takes jobs from Redis, without a port; `--check` is its probe."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

from . import redis_client
from .jobs import Jobs
from .log import log
from .settings import SettingsError, read_redis

HEARTBEAT = Path(os.environ.get("WORKER_HEARTBEAT_FILE", "/tmp/worker-heartbeat"))
MAX_AGE_SECONDS = 30.0
"""Three times the longest job (10 s): the heart beats between jobs."""
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
            HEARTBEAT.touch()
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


def check() -> str | None:
    """Why the worker does not live, or None."""
    try:
        age = time.time() - HEARTBEAT.stat().st_mtime
    except OSError as error:
        return f"no heartbeat: {HEARTBEAT} {error.strerror}"
    return (
        f"the last heartbeat is {age:.0f} s old, the limit {MAX_AGE_SECONDS:.0f} s" if age > MAX_AGE_SECONDS else None
    )


async def _run() -> None:
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


def main() -> None:
    """Exits with 0 after SIGTERM; `--check` exits with 0 while the worker works, else 1 and one sentence."""
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    if reason := os.environ.get("APP_FAIL_START"):
        sys.exit(f"start refused by APP_FAIL_START: {reason}")
    try:
        asyncio.run(_run())
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
