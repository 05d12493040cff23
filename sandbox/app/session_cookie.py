"""The cookie that names a session."""

import re
import uuid

from fastapi import Response
from starlette.requests import HTTPConnection

COOKIE = "session"
_VALID = re.compile(r"[0-9a-f]{32}")


def session_of(connection: HTTPConnection) -> str:
    """The session of the request, or a new one."""
    value = connection.cookies.get(COOKIE, "")
    return value if _VALID.fullmatch(value) else uuid.uuid4().hex


def set_session(response: Response, session: str) -> None:
    """Makes the client send `session` from now on."""
    response.set_cookie(COOKIE, session, httponly=True, samesite="lax")
