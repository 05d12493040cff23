"""Headers of requests, as applications get them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from components.load_balancer.nginx import forwarded
from components.load_balancer.nginx.texts import Literals
from components.load_balancer.traffic import Route

_PREFIX = "X-Forwarded-Prefix"
_NOTHING = '""'
"""nginx sends no header without a value."""


@dataclass(frozen=True, kw_only=True)
class RequestHeader:
    """A header that nginx writes on each request, whatever its route: what a location says would replace them all."""

    name: str
    default: str
    """On routes that do not change it."""
    values: dict[str, str] = field(default_factory=dict)
    """Route -> what it writes."""


def request_headers(
    routes: Iterable[tuple[str, Route]], *, behind_proxies: bool, literal: Literals
) -> list[RequestHeader]:
    """Of `routes`, by their names."""
    found: dict[str, RequestHeader] = {}
    for name in forwarded.NEVER:
        found[name.lower()] = RequestHeader(name=name, default=_NOTHING)
    for name in forwarded.STRANGERS:
        default = forwarded.trusted(name) if behind_proxies else _NOTHING
        found[name.lower()] = RequestHeader(name=name, default=default)
    for route_name, route in routes:
        for name, value in _changes(route, found[_PREFIX.lower()].default, literal):
            # Of a header with an underscore nothing arrives, and the variable would be that of its other spelling.
            default = _NOTHING if "_" in name else forwarded.sent(name)
            header = found.setdefault(name.lower(), RequestHeader(name=name, default=default))
            header.values[route_name] = value
    return [*found.values()]


def _changes(route: Route, prefix_before: str, literal: Literals) -> Iterator[tuple[str, str]]:
    if route.rewrite == "/":
        before = "" if prefix_before == _NOTHING else f"${{{prefix_before[1:]}}}"
        yield _PREFIX, f"{before}{route.path}"
    yield from ((name, _NOTHING) for name in route.headers.request.remove)
    yield from ((name, literal(value)) for name, value in route.headers.request.set.items())
