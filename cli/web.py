"""Requests to a page of the stack that is for operators, wherever it is reached."""

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any

from cli.errors import CommandError

SECONDS = 10.0

Opener = Callable[[], HTTPConnection]
"""A connection to the page, which is not asked yet."""


def ask(opened: Opener, name: str, path: str, body: Any = None) -> str:
    """GET, or POST of `body` as JSON: the answer's text. Raises CommandError, with what `name` said."""
    try:
        connection = opened()
        try:
            method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        finally:
            connection.close()
    except (OSError, HTTPException) as error:
        raise CommandError(f"{name} does not answer: {str(error) or type(error).__name__}.") from None
    if answer.status != 200:
        raise CommandError(f"{name} refuses {method} {path} with {answer.status}: {said.strip()[:300]}")
    return said
