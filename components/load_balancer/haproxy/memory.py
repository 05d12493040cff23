"""What HAProxy's memory is spent on."""

from components.load_balancer.traffic import Balancer, HeaderChanges

_OWN_HEADERS_BYTES = 2048
"""Of headers that the proxy adds by itself: ten IPv6 addresses in X-Forwarded-For, a prefix, two cookies, CORS."""

_HEADER_BYTES = 16
"""Of one header in a buffer, beside its line (seen: 8)."""

TABLE_ENTRIES = 100_000
"""Client addresses that a rate limit remembers."""

_FRAMING_BYTES = 1024
"""A parsed head is longer than the one on the wire: about 90 bytes and 4 for each header (seen), of which there are 101
at most (`tune.http.maxhdr`)."""

_PROCESS_BYTES = 32 * 2**20
"""Master and worker without connections: 20 MiB (seen with 2.6 and 3.0)."""

_CONNECTION_BYTES = 2048
_TLS_BYTES = 32 * 1024
"""Of one TLS connection, beside its buffers: 16 to 30 KiB (seen)."""

_TABLE_ENTRY_BYTES = 150
"""haproxy's configuration manual: about 50 bytes, the key, and what is counted."""


def rewrite_bytes(settings: Balancer) -> int:
    """`tune.maxrewrite`: kept free in each buffer for what the proxy adds. A request that needs more ends in 500."""
    changes = [change for route in settings.routes for change in (route.headers.request, route.headers.response)]
    return _OWN_HEADERS_BYTES + max(map(_added_bytes, changes))


def buffer_bytes(settings: Balancer) -> int:
    """`tune.bufsize`: a head of `limits.headers` fits, whatever its headers are."""
    return settings.limits.headers + rewrite_bytes(settings) + _FRAMING_BYTES


def needed_bytes(settings: Balancer) -> int:
    """At worst: every connection with a buffer in each direction, every table full."""
    connection = _CONNECTION_BYTES + 2 * buffer_bytes(settings) + (_TLS_BYTES if settings.tls else 0)
    tables = sum(route.rate_limit is not None for route in settings.routes)
    passed_on = sum(route.max_connections for route in settings.tcp.values())
    passed_on_bytes = passed_on * (_CONNECTION_BYTES + 2 * buffer_bytes(settings))
    return (
        _PROCESS_BYTES
        + settings.max_connections * connection
        + passed_on_bytes
        + tables * TABLE_ENTRIES * _TABLE_ENTRY_BYTES
    )


def _added_bytes(changes: HeaderChanges) -> int:
    return changes.added_bytes() + _HEADER_BYTES * (len(changes.set) + len(changes.add))
