"""Connections that are passed on as they are: whatever the application speaks."""

from typing import Literal

from pydantic import Field, model_validator

from components.load_balancer.traffic.words import LongTime, Networks, ShortTime
from settings.base import Settings
from settings.types import Name, PortName, PortNumber

RESERVED = ("http", "https", "status")
"""Names of the balancer's other ports."""


class TcpCheck(Settings):
    """A connection to each replica; that it opens passes."""

    interval: ShortTime = 1_000
    """Time between two checks of a replica (each proxy replica asks); default 1 s."""
    timeout: ShortTime = 1_000
    """Longest wait for the connection; default 1 s."""
    fall: int = Field(default=2, ge=1, le=20, strict=True)
    """Failed checks in a row that take a replica out; default 2."""
    rise: int = Field(default=1, ge=1, le=20, strict=True)
    """Passed checks in a row that bring it back; default 1."""

    @model_validator(mode="after")
    def _timeout_fits(self) -> "TcpCheck":
        if self.timeout > self.interval:
            raise ValueError("`timeout` must not exceed `interval`: a replica would be found dead later than it says")
        return self


class TcpTimeouts(Settings):
    """How long to wait."""

    connect: ShortTime = 1_000
    """Longest time for a connection to a replica to open; default 1 s. Then another one is tried."""
    idle: LongTime = 3_600
    """Longest silence of both sides; default 1 h."""


class TcpRoute(Settings):
    """Connections to a published port go to the replicas of `app`, byte by byte.

    TLS, if any, is between the client and the application, which sees the balancer's address.
    """

    listen: PortNumber
    """Published port."""
    app: Name
    """The application tier that answers."""
    port: PortName | None = None
    """The name of the port in its `ports`; default: its `port`."""
    balance: Literal["round_robin", "least_conn", "source"] = "least_conn"
    """`least_conn`: fewest open connections. `round_robin`: in turn. `source`: by client address, each proxy replica
    choosing for itself."""
    sources: Networks = Field(default=(), max_length=100)
    """Address ranges that may connect; others are closed at once. The address is that which opens the connection, also
    behind `trusted_proxies`. Default: everybody. Refused where a platform hides it (Kubernetes, `entry: node-port`)."""
    check: TcpCheck = TcpCheck()
    """Active health checks. When a replica is taken out, its connections are closed."""
    timeouts: TcpTimeouts = TcpTimeouts()
    """How long to wait."""
    max_connections: int = Field(default=500, ge=1, le=100_000, strict=True)
    """Connections of each proxy at the same time, beside `max_connections` of the balancer; more wait in the kernel.
    Default 500."""
