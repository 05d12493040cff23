"""What Redis knows of a client."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ..context import InContext
from ..session_cookie import session_of, set_session
from ..sessions import Sessions

router = APIRouter(prefix="/session")


def _sessions(context: InContext) -> Sessions:
    if context.sessions is None:
        raise HTTPException(503, "no Redis is configured: set REDIS_SENTINELS")
    return context.sessions


InSessions = Annotated[Sessions, Depends(_sessions)]


@router.get("")
async def visit(context: InContext, sessions: InSessions, request: Request, response: Response) -> dict[str, str | int]:
    """Counts the visits of this session, whichever replica answers."""
    session = session_of(request)
    count = await sessions.count(session)
    set_session(response, session)
    return {"session": session, "count": count, "replica": context.settings.replica}


@router.get("/history")
async def history(sessions: InSessions, request: Request) -> list[dict[str, str]]:
    """The last exchanges of this session."""
    return await sessions.history(session_of(request))
