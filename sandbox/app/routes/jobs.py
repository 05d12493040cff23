"""Work for the workers."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query

from ..context import InContext
from ..jobs import Jobs

router = APIRouter(prefix="/jobs")


def _jobs(context: InContext) -> Jobs:
    if context.jobs is None:
        raise HTTPException(503, "no Redis is configured: set REDIS_SENTINELS")
    return context.jobs


InJobs = Annotated[Jobs, Depends(_jobs)]


@router.post("")
async def put(jobs: InJobs, ms: Annotated[int, Query(ge=0, le=10_000)] = 100) -> dict[str, str | int]:
    """Queues a job that takes `ms` milliseconds."""
    job = await jobs.put(ms)
    return {"id": job.id, "ms": job.ms}


@router.get("")
async def counts(jobs: InJobs) -> dict[str, int]:
    """Queued, taken, done."""
    return await jobs.counts()
