"""What probes, proxies and Prometheus ask."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ..context import InContext
from ..database import DatabaseUnavailable
from ..redis_client import UNAVAILABLE

router = APIRouter()
_CHECK_SECONDS = 2.0
"""Below the usual 3 s of a probe, so that the reason arrives."""


@router.get("/health")
async def health() -> dict[str, str]:
    """200 while the event loop turns; asks nobody else, or a lost database would restart every replica."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(context: InContext) -> JSONResponse:
    """200 when requests can be served; 503 with every reason otherwise, and while draining."""
    reasons = {}
    if context.lifecycle.draining:
        reasons["replica"] = "draining"
    if context.database and (reason := await _failure(context.database.check())):
        reasons["postgres"] = reason
    if context.sessions and (reason := await _failure(context.sessions.check())):
        reasons["redis"] = reason
    return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)


@router.get("/metrics")
async def metrics(context: InContext) -> Response:
    """Prometheus text format."""
    return Response(context.metrics.render(), media_type=CONTENT_TYPE_LATEST)


async def _failure(check: Awaitable[None]) -> str | None:
    try:
        await asyncio.wait_for(check, _CHECK_SECONDS)
    except TimeoutError:
        return f"no answer in {_CHECK_SECONDS:.0f} s"
    except (DatabaseUnavailable, *UNAVAILABLE) as error:
        return f"{type(error).__name__}: {error}"
    return None
