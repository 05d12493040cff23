"""How long and how often."""

from typing import Literal

from pydantic import Field

from components.load_balancer.traffic.words import LongTime, ShortTime
from settings.base import Settings
from settings.types import Seconds


class ClientTimeouts(Settings):
    """Patience with clients, the same for all routes."""

    request: LongTime = 10
    """Longest time for a request's headers to arrive; ends clients that send a byte at a time. Default 10 s."""
    keep_alive: LongTime = 60
    """Longest pause between two requests on one connection; default 60 s."""


class Timeouts(Settings):
    """Patience with the replicas of a route."""

    connect: ShortTime = 1_000
    """Longest time for a connection to open; default 1 s, for a lost host does not answer."""
    response: LongTime = 60
    """Longest silence of the application, before and inside an answer; a stream that keeps sending has no end.
    Default 60 s."""
    stream: LongTime = 600
    """Longest silence of both sides on an upgraded connection (WebSocket); default 10 minutes."""
    queue: LongTime = 5
    """Longest wait for a free replica under `max_per_replica`, then 503; default 5 s."""


class RateLimit(Settings):
    """At most `requests` in each sliding `period`, then 429. Every proxy replica counts for itself."""

    requests: int = Field(ge=1, le=1_000_000)
    """Requests of one client."""
    period: Seconds = Field(ge=1, le=3_600)
    """The window, 1 s to 1 h."""
    by: Literal["client_address"] = "client_address"
    """What tells clients apart: the address, after `trusted_proxies` (the only key there is today)."""
