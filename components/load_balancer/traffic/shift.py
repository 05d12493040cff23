"""Moving the clients of a route to a second application, step by step."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from components.load_balancer.traffic.words import Token
from settings.base import Settings
from settings.types import Name, PortName, Seconds

DRAWS = 100
"""A client's number is one of 0 to 99."""


class Side(NamedTuple):
    """An application that a route leads to; `key` is that of the route where it stands."""

    app: str
    port: str | None
    key: str

    @property
    def port_key(self) -> str:
        """The key of the route where its port stands."""
        return "port" if self.key == "app" else "shift.port"


class Shift(Settings):
    """A part of a route's clients goes to a second application, with everything else that the route says.

    A client draws a number from 0 to 99, once, and a cookie keeps it: it is on the second side while its number is
    below `percent`. So a greater percent takes clients over and nobody back, a smaller one the other way. Who sends no
    cookies draws for each request.
    """

    to: Name
    """The second application tier."""
    port: PortName | None = None
    """The name of the port in its `ports`; default: its `port`."""
    percent: Annotated[int, Field(ge=0, le=DRAWS, strict=True)]
    """The part of the clients that `to` answers. 0 and 100 are exact, whatever cookies say; a side that gets nothing is
    not asked how it is either."""
    cookie: Token = "SHIFT"
    """The cookie's name. Routes of one balancer with the same name share a client's number."""
    same_site: Literal["lax", "strict", "none"] = "lax"
    """Whether pages of other sites send it, as for `sticky`."""
    ttl: Seconds = Field(default=30 * 86_400, ge=60, le=365 * 86_400)
    """A client keeps its number for this long, then draws another one."""

    @property
    def divides(self) -> bool:
        """Whether both sides get requests."""
        return 0 < self.percent < DRAWS
