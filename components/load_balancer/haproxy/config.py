"""haproxy.cfg as text, from settings and backends: pure, without secrets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.contracts import Backend
from components.load_balancer.haproxy import forwarded, memory
from components.load_balancer.haproxy.servers import BALANCE, slots
from components.load_balancer.haproxy.tcp import tcp_views
from components.load_balancer.haproxy.texts import literal
from components.load_balancer.place import Place
from components.load_balancer.traffic import Balancer, Route
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
    """A route as the template sees it."""

    route: Route
    backend: Backend

    @property
    def name(self) -> str:
        """The backend's name in metrics: unique for each host and path, whatever the order of the routes."""
        host = f".{self.route.host}" if self.route.host else ""
        path = self.route.path.replace("/", ":") if self.route.path != "/" else ""
        return f"{self.route.app}{host}{path}"

    @property
    def ejecting_name(self) -> str:
        """The same replicas without the ejected ones. No application's name has an underscore."""
        return f"ejecting_{self.name}"

    @property
    def conditions(self) -> list[str]:
        """Alternatives, any of which selects the route; empty: every request does."""
        host = f"{{ req.hdr(host),host_only,lower -m str {self.route.host} }}" if self.route.host else ""
        if self.route.path == "/":
            return [host] if host else []
        paths = (f"{{ path {self.route.path} }}", f"{{ path_beg {self.route.path}/ }}")
        return [f"{host} {path}".strip() for path in paths]

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
        return self.backend.number(self.route.port)

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
        return self.route.check.host or self.backend.health_host or self.route.host or self.route.app

    @property
    def slots(self) -> int:
        return slots(self.backend)

    @property
    def retry_on(self) -> str:
        assert self.route.retries
        return " ".join(_RETRY_ON.get(str(failure), str(failure)) for failure in self.route.retries.on)


def haproxy_config(name: str, settings: Balancer, backends: Mapping[str, Backend], *, place: Place) -> str:
    """The configuration of the balancer `name`. `backends` holds every application that a route names."""
    routes = [_RouteView(route=route, backend=backends[route.app]) for route in settings.routes]
    # HAProxy takes the first rule that matches: hosts before no host, long paths before short ones.
    routes.sort(key=lambda view: (view.route.host is None, -len(view.route.path), view.name))
    return render(
        Path(__file__).parent,
        "haproxy.cfg.j2",
        name=name,
        settings=settings,
        place=place,
        forwarded=forwarded,
        literal=literal,
        routes=routes,
        tcp=tcp_views(settings, backends, place),
        threads=min(_MOST_THREADS, math.ceil(settings.container_resources().cpu_limit_millis / 1000)),
        spare_connections=SPARE_CONNECTIONS,
        client_timeout=max(route.timeouts.response for route in settings.routes),
        buffer_bytes=memory.buffer_bytes(settings),
        rewrite_bytes=memory.rewrite_bytes(settings),
        table_entries=memory.TABLE_ENTRIES,
    )
