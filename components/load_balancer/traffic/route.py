"""One route: which requests, to which application, and how."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.load_balancer.traffic.cors import Cors
from components.load_balancer.traffic.headers import Headers
from components.load_balancer.traffic.health import Check, Ejection
from components.load_balancer.traffic.limits import RateLimit, Timeouts
from components.load_balancer.traffic.retries import Retries
from components.load_balancer.traffic.shift import Shift, Side
from components.load_balancer.traffic.sticky import Sticky
from components.load_balancer.traffic.words import EACH_ONCE, ClosedPath, HostName, PathPrefix, Reserved
from settings.base import Settings
from settings.types import MemoryBytes, Name, PortName


class Route(Settings):
    """Requests under `path` (and to `host`) go to the replicas of `app`.

    A route with a host wins over one without, then the longest path wins; the order of the list means nothing.
    """

    app: Name
    """The application tier that answers."""
    port: PortName | None = None
    """The name of the port in its `ports`; default: its `port`."""
    shift: Shift | None = None
    """A part of the clients goes to a second application: `{to: next, percent: 25}`. Default: none."""
    path: PathPrefix = "/"
    """Path prefix, in whole segments; default `/`, everything."""
    host: HostName | None = None
    """Only requests to this host name; default: any."""
    rewrite: PathPrefix | None = None
    """What the application gets in place of `path`: with `/` (the prefix is stripped) `/api/x` arrives as `/x`, and
    what was taken away stands in X-Forwarded-Prefix. Default: the path arrives as it is."""
    closed: Annotated[tuple[ClosedPath, ...], EACH_ONCE] = Field(default=(), max_length=50)
    """Paths of the application that are for the inside alone (`/metrics`), with all below them: answered with 404, in
    any spelling that an application might take for the path (case, encoding, doubled slashes, `..`, suffixes). With
    `rewrite` they are what the application would get. Every route of this balancer to the same port of an application
    closes the same."""
    balance: Literal["round_robin", "least_conn", "source"] = "round_robin"
    """`round_robin`: in turn. `least_conn`: fewest open requests, for streams of uneven length. `source`: by client
    address, each proxy replica choosing for itself."""
    sticky: Sticky | None = None
    """Keep a client on one replica by a cookie; default: no."""
    check: Check = Check()
    """Active health checks."""
    ejection: Ejection | None = None
    """Passive ejection; default: off, because one page that fails would take out healthy replicas."""
    retries: Retries | None = Retries()
    """Retries on safe failures; null: off."""
    rate_limit: RateLimit | None = None
    """Requests that a client may make; default: no limit."""
    cors: Cors | None = None
    """Cross-origin requests; default: left to the application."""
    headers: Headers = Headers()
    """Headers that are set, added or removed on the way."""
    max_body: MemoryBytes | None = Field(default=None, ge=1, le=2**40)
    """Largest request body; more is answered with 413, and a body of unannounced length with 411. Default: no limit."""
    max_per_replica: int | None = Field(default=None, ge=1, le=100_000, strict=True)
    """Most requests at a replica at the same time (for each proxy replica); more wait in a queue. Default: no limit."""
    timeouts: Timeouts = Timeouts()
    """How long to wait for the application."""
    forward_auth: Reserved = None
    """Reserved for asking another service whether a request may pass."""

    @model_validator(mode="after")
    def _one_way_to_stick(self) -> "Route":
        if self.sticky and self.balance == "source":
            raise ValueError("`sticky` and `balance: source` both decide the replica; choose one")
        return self

    @model_validator(mode="after")
    def _headers_have_one_author(self) -> "Route":
        authors = {
            "sticky": ("cookie", "set-cookie") if self.sticky else (),
            "shift": ("cookie", "set-cookie") if self.shift else (),
            "cors": ("access-control-*", "vary") if self.cors else (),
            "rewrite": ("x-forwarded-prefix",) if self.rewrite == "/" else (),
        }
        problems = [
            f"`headers` changes `{name}`, which `{author}` needs as it is; choose one"
            for author, names in authors.items()
            for name in self.headers.named(*names)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _shifts_elsewhere(self) -> "Route":
        if self.shift and (self.shift.to, self.shift.port) == (self.app, self.port):
            at = f" at its port `{self.port}`" if self.port else ""
            raise ValueError(f"`shift.to` is the route's own app, `{self.app}`{at}; name another app or port, or leave "
                             "`shift` out")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _rewritten_differently(self) -> "Route":
        if self.rewrite == self.path:
            raise ValueError("`rewrite` equals `path` and changes nothing; leave it out")
        return self

    def arrival(self, path: str) -> str:
        """What the application gets in place of `path`, which is the route's or below it."""
        if self.rewrite is None:
            return path
        rest = path.removeprefix(self.path.rstrip("/"))
        return f"/{rest.lstrip('/')}" if self.rewrite == "/" else f"{self.rewrite}{rest}"

    def closing(self, path: str) -> str | None:
        """Which of `closed` closes `path`, as the application would get it."""
        return next((one for one in self.closed if re.match(rf"{re.escape(one)}([^a-z0-9_-]|$)", path, re.I)), None)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The applications that it names: its own, and that of `shift`."""
        own = Side(self.app, self.port, "app")
        return (own, Side(self.shift.to, self.shift.port, "shift.to")) if self.shift else (own,)

    @property
    def answering(self) -> tuple[Side, ...]:
        """Those of them that get requests."""
        if not self.shift or self.shift.divides:
            return self.sides
        return self.sides[1:] if self.shift.percent else self.sides[:1]

    @property
    def label(self) -> str:
        """`host/path`, for messages."""
        return f"{self.host or ''}{self.path}"
