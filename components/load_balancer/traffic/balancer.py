"""A load balancer in words that no engine owns: ports, certificate, routes, limits."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from components.load_balancer.traffic.cloud import CloudBalancerSettings
from components.load_balancer.traffic.front import FrontSettings
from components.load_balancer.traffic.limits import ClientTimeouts, Limits
from components.load_balancer.traffic.route import Route
from components.load_balancer.traffic.tcp import RESERVED, TcpRoute
from components.load_balancer.traffic.words import Networks
from components.sizes import PRESETS, ResourcesSettings, Size
from model import Resources
from settings.base import Settings
from settings.types import ImageRef, PortName, PortNumber, Seconds, SecretName


class Listen(Settings):
    """The ports that clients reach. One at least."""

    http: PortNumber | None = None
    """Published port for plain HTTP; default: none."""
    https: PortNumber | None = None
    """Published port for HTTPS (HTTP/2 and HTTP/1.1); default: none. Needs `tls`."""

    @model_validator(mode="after")
    def _usable(self) -> "Listen":
        if self.http is None and self.https is None:
            raise ValueError("one of `http` and `https` is required")
        if self.http == self.https:
            raise ValueError("`http` and `https` need different ports")
        return self


class Tls(Settings):
    """The certificate comes from the stack's given secrets, in PEM form."""

    certificate: SecretName
    """The given secret with the certificate, followed by its intermediates."""
    private_key: SecretName
    """The given secret with the unencrypted private key."""
    redirect: bool = True
    """Whether plain HTTP is answered with a redirect (308) to HTTPS; default yes."""
    min_version: Literal["1.2", "1.3"] = "1.2"
    """The oldest TLS version accepted; default 1.2."""


class Status(Settings):
    """Status page `/`, metrics `/metrics`, and the proxy's own health `/healthz`, on a port of their own."""

    port: PortNumber = 8404
    """Published port, for operators; default 8404. The page names applications and replica addresses and counts
    requests, nothing else, and changes nothing; a cloud's balancer does not offer it, and a firewall should close it
    elsewhere."""


class Balancer(Settings):
    """Proxies that the outside reaches, and the routes behind them."""

    image: ImageRef | None = None
    """An own image that runs as the pinned one's uid; default: the stack's pin of the engine."""
    replicas: int = Field(default=2, ge=1, le=10, strict=True)
    """Proxies, each on a host of its own; default 2: one may fail or be updated."""
    size: Size | None = None
    """CPU and memory by preset; default `small`."""
    resources: ResourcesSettings | None = None
    """Own CPU and memory, in place of `size`."""
    listen: Listen
    """Published ports."""
    tls: Tls | None = None
    """Certificate for `listen.https`."""
    status: Status = Status()
    """Status page and metrics."""
    routes: tuple[Route, ...] = Field(min_length=1, max_length=100)
    """Which requests go where. Requests that no route matches are answered with 404."""
    tcp: dict[PortName, TcpRoute] = Field(default_factory=dict, max_length=50)
    """Further published ports, whose connections are passed on as they are: `{mqtt: {listen: 1883, app: broker}}`."""
    longest_stream: Seconds = Field(default=300, ge=1, le=21_600)
    """How long a stopping proxy lets requests and streams in flight go on; default 5 minutes. No app that a route
    names may have a greater `longest_request`."""
    stop_delay: Seconds = Field(default=0, ge=0, le=300)
    """How long a stopping proxy still accepts requests while `/healthz` answers 503, so that a balancer in front that
    checks it stops sending; default 0: it closes its ports at once. With a delay, idle connections end only after
    `timeouts.keep_alive`. Not for a cloud's balancer in front of Kubernetes: see `platform.balancer_delay`."""
    max_connections: int = Field(default=2_000, ge=100, le=100_000, strict=True)
    """Client connections of each proxy at the same time; more wait in the kernel. Default 2,000. Each takes two file
    descriptors: the host's limit for containers must allow twice as many."""
    trusted_proxies: Networks = Field(default=(), max_length=100)
    """Address ranges of proxies in front. X-Forwarded-For and similar headers are trusted only from there: the client
    is the rightmost address of the chain that is in none of these ranges. From all others they are removed."""
    require_https: bool = False
    """Whether requests that came over plain HTTP to what ends TLS in front are answered with a redirect (308) to HTTPS.
    How they came, X-Forwarded-Proto of `trusted_proxies` says; one that does not say it is redirected, too. Where this
    balancer ends TLS itself, `tls.redirect` does it."""
    cloud_balancer: CloudBalancerSettings = CloudBalancerSettings()
    """A cloud's balancer in front (Kubernetes)."""
    front: FrontSettings = FrontSettings()
    """An Ingress or a Gateway in front (Kubernetes)."""
    limits: Limits = Limits()
    """Sizes."""
    timeouts: ClientTimeouts = ClientTimeouts()
    """How long to wait for clients."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [
            *self._listen_problems(),
            *self._tcp_problems(),
            *self._route_problems(),
            *self._closed_problems(),
            *self._cookie_problems(),
        ]
        if self.size is not None and self.resources is not None:
            problems.append("give `size` or `resources`, not both")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _listen_problems(self) -> list[str]:
        problems = []
        if self.listen.https is not None and self.tls is None:
            problems.append("`listen.https` needs `tls` with a certificate")
        if self.listen.https is None and self.tls is not None:
            problems.append("`tls` has no effect without `listen.https`")
        if self.status.port in (self.listen.http, self.listen.https):
            problems.append("`status.port` needs a port other than those of `listen`")
        if self.require_https and self.tls is not None:
            problems.append("`require_https` is for TLS that ends in front; with `tls` leave it to `tls.redirect`")
        elif self.require_https and not self.trusted_proxies:
            problems.append(
                "`require_https` needs `trusted_proxies`, who say how a request came: without them all are redirected "
                "without end"
            )
        return problems

    def _tcp_problems(self) -> Iterator[str]:
        for name in self.tcp:
            if name in RESERVED:
                yield f"`tcp.{name}` has the name of another port of the balancer; rename it"

    def _route_problems(self) -> list[str]:
        problems = []
        seen: dict[str, int] = {}
        for index, route in enumerate(self.routes):
            if route.label in seen:
                problems.append(f"`routes[{index}]` and `routes[{seen[route.label]}]` both match {route.label!r}")
            seen.setdefault(route.label, index)
            if route.timeouts.response > self.longest_stream:
                problems.append(
                    f"`longest_stream` ({self.longest_stream} s) must cover `routes[{index}].timeouts.response` "
                    f"({route.timeouts.response} s), or a drain cuts answers that the timeout allows"
                )
        return problems

    def _closed_problems(self) -> Iterator[str]:
        """Who asks chooses the route, by the host and the path that they send."""
        first: dict[tuple[str, str | None], int] = {}
        for index, route in enumerate(self.routes):
            if closed := route.closing(route.arrival(route.path)):
                yield f"`routes[{index}].closed` closes all of the route with `{closed}`; leave the route out"
            for side in route.sides:
                other = first.setdefault((side.app, side.port), index)
                if {*route.closed} != {*self.routes[other].closed}:
                    yield (
                        f"`routes[{index}].closed` and `routes[{other}].closed` differ, and both lead to `{side.app}`: "
                        "close the same on both, or the other route reaches it"
                    )
        for name, passed_on in self.tcp.items():
            index = first.get((passed_on.app, passed_on.port), -1)
            if index >= 0 and self.routes[index].closed:
                yield f"`tcp.{name}` passes on what `routes[{index}].closed` closes; give it another port of the app"

    def _cookie_problems(self) -> Iterator[str]:
        """Behind proxies that end TLS nobody here knows what clients speak: their word is taken."""
        told = self.https_only or self.trusted_proxies
        # nginx looks for its own cookie in any case.
        sticky = {route.sticky.cookie.lower(): index for index, route in enumerate(self.routes) if route.sticky}
        for index, route in enumerate(self.routes):
            for key, cookie in (("sticky", route.sticky), ("shift", route.shift)):
                if cookie and cookie.same_site == "none" and not told:
                    yield (
                        f"`routes[{index}].{key}.same_site: none` needs HTTPS alone: `tls` with `redirect`, or "
                        "`trusted_proxies` that end TLS; browsers drop such a cookie over HTTP"
                    )
            other = sticky.get(route.shift.cookie.lower()) if route.shift else None
            if route.shift and other is not None:
                yield (
                    f"`routes[{index}].shift.cookie` and `routes[{other}].sticky.cookie` are both "
                    f"`{route.shift.cookie}`, and each would overwrite the other; rename one"
                )

    @property
    def apps(self) -> tuple[str, ...]:
        """Every application that a route names, once."""
        named = (side.app for route in self.routes for side in route.sides)
        return tuple(dict.fromkeys([*named, *(route.app for route in self.tcp.values())]))

    @property
    def https_only(self) -> bool:
        """Whether no application answers over plain HTTP."""
        return self.require_https or (self.tls is not None and (self.tls.redirect or self.listen.http is None))

    @property
    def redirects_to(self) -> int | None:
        """The port to which requests over plain HTTP are redirected (None: they are answered)."""
        if self.require_https:
            return 443
        redirects = self.tls is not None and self.tls.redirect and self.listen.http is not None
        return self.listen.https if redirects else None

    def container_resources(self) -> Resources:
        """Own resources, or the preset."""
        return self.resources.resources() if self.resources else PRESETS[self.size or "small"]
