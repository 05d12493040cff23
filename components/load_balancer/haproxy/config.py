"""haproxy.cfg as text, from settings and backends: pure, without secrets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from components.contracts import Backend
from components.load_balancer.haproxy import forwarded, memory
from components.load_balancer.haproxy.servers import BALANCE, slots
from components.load_balancer.haproxy.tcp import tcp_views
from components.load_balancer.haproxy.texts import literal
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer, Route, Side
from components.templates import render

SPARE_CONNECTIONS = 100
"""For the status port alone: health checks and scrapes pass when clients use every connection."""

_MOST_THREADS = 64
"""HAProxy 2.6 refuses more (MAX_THREADS)."""

_RETRY_ON = {
    "connect_failure": "conn-failure",
    "empty_response": "empty-response",
    "response_timeout": "response-timeout",
}


@dataclass(frozen=True, kw_only=True)
class _RouteView:
    """One side of a route as the template sees it; most routes have one."""

    route: Route
    side: Side
    backend: Backend
    draw: str = ""
    """The variable with the client's number; empty: the route does not divide its clients."""

    @property
    def second(self) -> bool:
        return self.side.key != "app"

    @property
    def name(self) -> str:
        """The backend's name in metrics: unique for each host and path, whatever the order of the routes. No
        application's name has an underscore."""
        host = f".{self.route.host}" if self.route.host else ""
        path = self.route.path.replace("/", ":") if self.route.path != "/" else ""
        return f"{'shift_' if self.second else ''}{self.side.app}{host}{path}"

    @property
    def ejecting_name(self) -> str:
        """The same replicas without the ejected ones. No application's name has an underscore."""
        return f"ejecting_{self.name}"

    @property
    def conditions(self) -> list[str]:
        """Alternatives, any of which selects the side; empty: every request does."""
        host = f"{{ req.hdr(host),host_only,lower -m str {self.route.host} }}" if self.route.host else ""
        share = ""
        if self.draw and self.second and self.route.shift:
            share = f"{{ var({self.draw}) -m int lt {self.route.shift.percent} }}"
        paths = (f"{{ path {self.route.path} }}", f"{{ path_beg {self.route.path}/ }}")
        found = [" ".join(filter(None, (host, path, share))) for path in (paths if self.route.path != "/" else ("",))]
        return [*filter(None, found)]

    @property
    def counts(self) -> bool:
        """Whether the backend has the table of the route's rate limit: both sides count in one."""
        return self.side == self.route.answering[0]

    @property
    def table(self) -> str:
        """The backend that has it."""
        return replace(self, side=self.route.answering[0]).name

    @property
    def rewritten(self) -> tuple[str, str]:
        """What is taken from the start of a path, as an expression, and what takes its place.

        Stripping takes every slash behind the prefix: a path `//host` would be an address of another host.
        """
        prefix = self.route.path.rstrip("/").replace(".", r"\.")
        target = (self.route.rewrite or "").rstrip("/")
        return (f"^{prefix}(/.*)?$", rf"{target}\1") if target else (f"^{prefix}/*(.*)$", r"/\1")

    @property
    def closed(self) -> str:
        """The closed paths, as alternatives of an expression."""
        return "|".join(path.lower().replace(".", "[.]") for path in self.route.closed)

    @property
    def balance(self) -> str:
        return BALANCE[self.route.balance]

    @property
    def port(self) -> int:
        return self.backend.number(self.side.port)

    @property
    def check_port(self) -> int | None:
        """None: the port that requests go to."""
        port = None if self.route.check.path else self.backend.health_port
        return None if port == self.port else port

    @property
    def check_path(self) -> str:
        return self.route.check.path or self.backend.health_path

    @property
    def check_host(self) -> str:
        return self.route.check.host or self.backend.health_host or self.route.host or self.side.app

    @property
    def slots(self) -> int:
        return slots(self.backend)

    @property
    def retry_on(self) -> str:
        assert self.route.retries
        return " ".join(_RETRY_ON.get(str(failure), str(failure)) for failure in self.route.retries.on)


def haproxy_config(name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
    """The configuration of the balancer `name`. `backends` holds every application that a route names."""
    divided = {route.shift.cookie for route in settings.routes if route.shift and route.shift.divides}
    draws = {cookie: f"txn.draw{index}" for index, cookie in enumerate(sorted(divided))}
    routes = [
        _RouteView(
            route=route,
            side=side,
            backend=backends[side.app],
            draw=draws[route.shift.cookie] if route.shift and route.shift.divides else "",
        )
        for route in settings.routes
        for side in route.answering
    ]
    # HAProxy takes the first rule that matches: hosts before no host, long paths before short ones, a part before all.
    routes.sort(key=lambda view: (view.route.host is None, -len(view.route.path), not view.second, view.name))
    return render(
        Path(__file__).parent,
        "haproxy.cfg.j2",
        name=name,
        settings=settings,
        place=place,
        forwarded=forwarded,
        literal=literal,
        routes=routes,
        draws=draws,
        tcp=tcp_views(settings, backends, place),
        threads=min(_MOST_THREADS, math.ceil(settings.container_resources().cpu_limit_millis / 1000)),
        spare_connections=SPARE_CONNECTIONS,
        client_timeout=max(route.timeouts.response for route in settings.routes),
        buffer_bytes=memory.buffer_bytes(settings),
        rewrite_bytes=memory.rewrite_bytes(settings),
        table_entries=memory.TABLE_ENTRIES,
    )
