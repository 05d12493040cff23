"""What of the vocabulary open-source nginx does not have, by field."""

from collections.abc import Iterator

from components.load_balancer.engine import Refused
from components.load_balancer.nginx import memory
from components.load_balancer.traffic import Balancer, Route

_NAMES_ITSELF = ("server", "date", "content-type")
"""Headers of answers that nginx writes where an answer has none."""


def refusals(settings: Balancer) -> Iterator[Refused]:
    """Each with what to do instead."""
    if settings.stop_delay:
        yield Refused(
            "stop_delay",
            "nginx closes its ports at once when it stops; leave it out, or use `engine: haproxy`",
        )
    for name in settings.tcp:
        yield Refused(
            f"tcp.{name}",
            "open-source nginx does not check the replicas of a TCP route, nor ends connections to one that is lost; "
            "use `engine: haproxy`",
        )
    for index, route in enumerate(settings.routes):
        yield from (Refused(f"routes[{index}].{field}", reason) for field, reason in _of_route(route))
    needed, limit = memory.needed_bytes(settings), settings.container_resources().memory_limit_bytes
    if needed > limit:
        yield Refused(
            "max_connections",
            f"{settings.max_connections} connections in each of {memory.workers(settings)} workers with "
            f"`limits.headers` of {settings.limits.headers // 1024} KiB may take {needed // 2**20} MiB, and the memory "
            f"limit is {limit // 2**20} MiB; lower one of them, or give more memory by `size` or `resources`",
        )


def _of_route(route: Route) -> Iterator[tuple[str, str]]:
    if route.check.model_fields_set:
        yield (
            "check",
            "open-source nginx asks no replicas: those that DNS names get requests, which are the ones whose `probes` "
            "pass; leave it out, or use `engine: haproxy`",
        )
    if route.ejection:
        yield (
            "ejection",
            "open-source nginx counts no errors of answers, and would take out the last replica too; leave it out, or "
            "use `engine: haproxy`",
        )
    if route.max_per_replica is not None or "queue" in route.timeouts.model_fields_set:
        field = "timeouts.queue" if route.max_per_replica is None else "max_per_replica"
        yield field, "open-source nginx has no queue in front of replicas; leave it out, or use `engine: haproxy`"
    yield from _of_rate(route)
    yield from _of_retries(route)
    yield from _of_headers(route)


def _of_rate(route: Route) -> Iterator[tuple[str, str]]:
    if route.rate_limit and route.rate_limit.requests * 60 % route.rate_limit.period:
        yield (
            "rate_limit",
            f"nginx counts in whole requests for each minute, and {route.rate_limit.requests} in "
            f"{route.rate_limit.period} s are {route.rate_limit.requests * 60 / route.rate_limit.period:.2f}; choose a "
            "multiple, or use `engine: haproxy`",
        )


def _of_retries(route: Route) -> Iterator[tuple[str, str]]:
    if not route.retries:
        return
    named = {"connect_failure", "empty_response"} & {*route.retries.on}
    if len(named) == 1:
        yield (
            "retries.on",
            "to nginx `connect_failure` and `empty_response` are one failure; name both or neither",
        )
    connect, response = route.retries.attempts * route.timeouts.connect, route.timeouts.response * 1_000
    if named and "response_timeout" not in route.retries.on and connect >= response:
        yield (
            "timeouts.connect",
            f"nginx tells a lost host from slow work by the time alone: {route.retries.attempts} x `connect` "
            f"({connect} ms) must be below `response` ({response} ms), or the last attempts would not be made",
        )


def _of_headers(route: Route) -> Iterator[tuple[str, str]]:
    if route.headers.request.add:
        yield (
            "headers.request.add",
            "nginx sends one value of a header that it writes, in place of the client's; use `set`, or "
            "`engine: haproxy`",
        )
    for name in route.headers.response.names:
        if name.lower() in _NAMES_ITSELF:
            yield "headers.response", f"nginx writes `{name}` of answers itself; leave it out, or use `engine: haproxy`"
