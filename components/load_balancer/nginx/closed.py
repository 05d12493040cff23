"""Closed paths as expressions.

nginx has decoded the path once, taken doubled slashes as one and followed `.` and `..`; what an application might still
read differently (case, `\\`, `;parameters`, suffixes) is in the expression, or closed altogether.
"""

from components.load_balancer.nginx.texts import exact
from components.load_balancer.traffic import Route

_SLASH = r"(?:;[^/\\]*)?[/\\](?:;[^/\\]*|[/\\])*"
"""Between two segments, however it is written."""

_RAW_SLASH = r"(?:/|\\|%2f|%5c)"
UNCLEAR = (
    # Dots that lead elsewhere, and two slashes at the start: to a parser of URLs a host follows.
    rf"~*^[^?#]*{_RAW_SLASH}(?:\.|%2e){{1,2}}(?:;|/|\\|%2f|%5c|\?|#|$)",
    rf"~*^{_RAW_SLASH}(?:;[^/?#\\]*)?{_RAW_SLASH}",
)
"""Of the path as it was sent."""

CONTROL = r"~[\x00-\x1f\x7f]"
"""Of the path as nginx reads it."""

NO_HOST = r"~[^][A-Za-z0-9.:_-]"
"""A host that brings more than a name, an address and a port: a parser could take the path from there."""


def expression(route: Route) -> str:
    """What of the paths that come is closed. `rewrite` is done after this: what it would put there is taken off."""
    target = (route.rewrite or "").rstrip("/")
    prefix = "" if route.rewrite is None else route.path.rstrip("/")
    ends = [path.removeprefix("/") for path in _below(route.closed, target)]
    closed = "|".join(_segments(end) for end in ends)
    # Nothing is closed on this route: an expression that nothing matches.
    return rf"~*^{exact(prefix)}{_SLASH}(?:{closed})(?:[^a-z0-9_-]|$)" if ends else r"~^(?!)"


def _below(closed: tuple[str, ...], target: str) -> list[str]:
    """The closed paths as they stand behind `target`, which case does not change."""
    start = f"{target}/".lower()
    return [path[len(target) :] for path in closed if path.lower().startswith(start)]


def _segments(path: str) -> str:
    return _SLASH.join(exact(segment) for segment in path.split("/"))
