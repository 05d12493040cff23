"""How long and how often."""

from pydantic import Field

from components.load_balancer.traffic.words import LongTime, ShortTime
from settings.base import Settings
from settings.types import MemoryBytes, Seconds


class ClientTimeouts(Settings):
    """How long to wait for clients, the same for all routes."""

    request: LongTime = 10
    """Longest time for a request's headers to arrive; ends clients that send a byte at a time. Default 10 s."""
    keep_alive: LongTime = 60
    """Longest pause between two requests on one connection; default 60 s."""


class Timeouts(Settings):
    """How long to wait for the replicas of a route."""

    connect: ShortTime = 1_000
    """Longest time for a connection to open; default 1 s, because a lost host does not answer."""
    response: LongTime = 60
    """Longest silence of the application, before and inside an answer; a stream that keeps sending has no limit.
    Default 60 s."""
    stream: LongTime = 600
    """Longest silence of both sides on an upgraded connection (WebSocket); default 10 minutes."""
    queue: LongTime = 5
    """Longest wait for a free replica under `max_per_replica`, then 503; default 5 s."""


class RateLimit(Settings):
    """At most `requests` of one client address in each sliding `period`, then 429. Every proxy replica counts for
    itself; behind `trusted_proxies` the address is the client's."""

    requests: int = Field(ge=1, le=1_000_000, strict=True)
    """Requests of one client."""
    period: Seconds = Field(ge=1, le=3_600)
    """The window, 1 s to 1 h."""


class Limits(Settings):
    """Sizes, the same for all routes."""

    headers: MemoryBytes = Field(default=32 * 1024, ge=16 * 1024, le=256 * 1024)
    """Longest head of a request (more is answered with 400) or answer (502), cookies included. Default 32 KiB; at least
    16 KiB (a frame of HTTP/2). Each connection may take twice as much memory."""
