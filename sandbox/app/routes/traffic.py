"""Requests without any dependency, for tests of a proxy: durations, statuses, bodies and who answered."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from ..context import InContext

router = APIRouter()
_LARGEST_BODY = 16 * 1024 * 1024
_fault: dict[str, float] = {"status": 200, "until": 0.0}


@router.get("/work")
async def work(context: InContext, ms: Annotated[int, Query(ge=0, le=60_000)] = 50) -> JSONResponse:
    """Safe to repeat; takes `ms` milliseconds. Fails while POST /fault says so."""
    await asyncio.sleep(ms / 1000)
    status = int(_fault["status"]) if time.monotonic() < _fault["until"] else 200
    return JSONResponse({"replica": context.settings.replica, "ms": ms}, status_code=status)


@router.post("/fault")
async def fault(
    context: InContext,
    status: Annotated[int, Query(ge=200, le=599)] = 503,
    seconds: Annotated[float, Query(ge=0, le=600)] = 10,
) -> dict[str, str | int | float]:
    """For `seconds`, /work of this one replica answers `status` (passive ejection is tested so)."""
    _fault.update(status=status, until=time.monotonic() + seconds)
    return {"replica": context.settings.replica, "status": status, "seconds": seconds}


@router.get("/replica")
async def replica(
    context: InContext, request: Request, ms: Annotated[int, Query(ge=0, le=60_000)] = 0
) -> dict[str, object]:
    """Who answered, and how the request arrived after the proxies; takes `ms` milliseconds."""
    await asyncio.sleep(ms / 1000)
    return {
        "replica": context.settings.replica,
        "version": context.settings.version,
        "client": request.client.host if request.client else None,
        "headers": dict(request.headers),
    }


@router.api_route("/status/{code}", methods=["GET", "POST"])
async def status(code: Annotated[int, Path(ge=200, le=599)]) -> Response:
    """Answers `code`."""
    return Response(status_code=code)


@router.post("/echo")
async def echo(request: Request) -> Response:
    """Returns the body, 16 MiB at most (413 above)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise HTTPException(413, f"the body is larger than {_LARGEST_BODY} bytes")
    return Response(bytes(body), media_type=request.headers.get("content-type", "application/octet-stream"))
