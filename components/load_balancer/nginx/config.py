"""nginx.conf as text, from settings and backends: pure, without secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.contracts import Backend
from components.load_balancer.nginx import closed, forwarded, memory, shifts, start, watched
from components.load_balancer.nginx.headers import request_headers
from components.load_balancer.nginx.texts import Literals, exact, quoted
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer, Route, Side
from components.templates import render

SENT_ONCE = ("POST", "PATCH", "LOCK")
"""Methods that nginx itself does not send twice."""

_BALANCE = {"round_robin": "", "least_conn": "least_conn", "source": "hash $binary_remote_addr"}
"""`hash ... consistent` takes all addresses of a name for one server, and goes round between them."""

_PREFLIGHT = r"~^OPTIONS\|[^|]+\|."
"""Of `method|Origin|Access-Control-Request-Method`."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the requests of a route go on. A location of its own for each: nginx has no variables in these settings."""

    suffix: str
    retried: bool
    silence_seconds: int


@dataclass(frozen=True, kw_only=True)
class _Upstream:
    """The replicas of one side of a route; most routes have one."""

    name: str
    side: Side
    backend: Backend

    @property
    def server(self) -> str:
        """Every address that the name has. None is taken out for its failures: the platform's probes decide."""
        port = self.backend.number(self.side.port)
        return f"{self.backend.endpoint.replicas_host}:{port} resolve max_fails=0"


@dataclass(frozen=True, kw_only=True)
class _RouteView:
    """A route as the template sees it."""

    index: int
    route: Route
    backends: Mapping[str, Backend]
    draw: shifts.Draw | None
    """The client's number; None: the route does not divide its clients."""

    @property
    def name(self) -> str:
        """Of its upstream and locations, and the end of its variables' names."""
        return f"r{self.index}"

    @property
    def matching(self) -> str:
        """An expression for `host|address` of requests that are the route's: whole segments."""
        host = exact(self.route.host) if self.route.host else "[^|]*"
        path = "" if self.route.path == "/" else f"{exact(self.route.path)}(?:[/?]|$)"
        return rf"~^{host}\|{path}"

    @property
    def rewritten(self) -> tuple[str, str]:
        """An expression for the address as it came, and what the application gets in its place.

        Stripping takes every slash behind the prefix: a path `//host` would be an address of another host.
        """
        prefix, target = exact(self.route.path.rstrip("/")), (self.route.rewrite or "").rstrip("/")
        if target:
            # Of a route to `/` all that comes begins with the slash.
            return rf"~^{prefix}(?<rest_{self.name}>[/?].*)?$", f"{target}$rest_{self.name}"
        return rf"~^{prefix}/*(?<rest_{self.name}>.*)$", f"/$rest_{self.name}"

    @property
    def closed(self) -> str:
        return closed.expression(self.route)

    @property
    def balance(self) -> str:
        return _BALANCE[self.route.balance]

    @property
    def upstreams(self) -> list[_Upstream]:
        """That of all clients, or of all but those that are on the second side, is named as the route."""
        names = (self.name, f"{self.name}_shift")
        return [
            _Upstream(name=name, side=side, backend=self.backends[side.app])
            for name, side in zip(names, self.route.answering, strict=False)
        ]

    @property
    def leads_to(self) -> str:
        """An upstream, or the variable that names one."""
        return f"$side_{self.name}" if self.draw else self.name

    @property
    def rate(self) -> str:
        assert self.route.rate_limit
        return f"{self.route.rate_limit.requests * 60 // self.route.rate_limit.period}r/m"

    @property
    def next_upstream(self) -> str:
        """What is tried again. A time-out of a connection and one of an answer are the same to nginx, but the second is
        never sooner than `timeouts.response`, after which nothing is tried again unless the stack file says so."""
        assert self.route.retries
        named = {*self.route.retries.on}
        words = {
            "error": "connect_failure" in named,
            "timeout": bool({"connect_failure", "response_timeout"} & named),
            **{f"http_{code}": code in named for code in (502, 503, 504)},
        }
        return " ".join(word for word, wanted in words.items() if wanted)

    @property
    def next_upstream_seconds(self) -> int:
        """0: no limit."""
        assert self.route.retries
        return 0 if "response_timeout" in self.route.retries.on else self.route.timeouts.response

    @property
    def kind(self) -> str:
        """The variable that chooses the way."""
        return "kind_" + ("_".join(sorted({*self.route.retries.methods})) if self.route.retries else "never").lower()

    @property
    def ways(self) -> list[Way]:
        response, stream = self.route.timeouts.response, self.route.timeouts.stream
        retries = self.route.retries
        return [
            Way(suffix="", retried=retries is not None, silence_seconds=response),
            Way(suffix="_ws", retried=retries is not None and "GET" in retries.methods, silence_seconds=stream),
            *([Way(suffix="_once", retried=False, silence_seconds=response)] if retries else []),
        ]


def nginx_config(name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
    """The configuration of the balancer `name`. `backends` holds every application that a route names."""
    ordered = sorted(settings.routes, key=lambda route: (route.host is None, -len(route.path), route.label))
    # nginx takes the first expression that matches: hosts before no host, long paths before short ones.
    draws = shifts.draws(ordered)
    routes = [
        _RouteView(
            index=index,
            route=route,
            backends=backends,
            draw=draws[route.shift.cookie] if route.shift and route.shift.divides else None,
        )
        for index, route in enumerate(ordered)
    ]
    literal = Literals()
    values = {
        "name": name,
        "settings": settings,
        "place": place,
        "routes": routes,
        "kinds": {
            view.kind: [*view.route.retries.methods, *SENT_ONCE] if view.route.retries else [] for view in routes
        },
        "headers": request_headers(
            [(view.name, view.route) for view in routes],
            behind_proxies=bool(settings.trusted_proxies),
            literal=literal,
        ),
        "literal": literal,
        "quoted": quoted,
        "exact": exact,
        "forwarded": forwarded,
        "shifts": shifts,
        "draws": draws,
        "closed": closed,
        "preflight": _PREFLIGHT,
        "metrics": watched.METRICS,
        "resolver": (start.RESOLVER, start.OPTIONS),
        "workers": memory.workers(settings),
        "connections": 2 * settings.max_connections + memory.SPARE_CONNECTIONS,
        "rate_zone_bytes": memory.RATE_ZONE_BYTES,
        "client_timeout": max(route.timeouts.response for route in settings.routes),
    }
    here = Path(__file__).parent
    server = render(here, "server.conf.j2", **values)
    return render(here, "nginx.conf.j2", **values, texts=literal.texts, server=server)
