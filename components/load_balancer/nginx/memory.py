"""What nginx's memory is spent on."""

import math

from components.load_balancer.traffic import Balancer

SPARE_CONNECTIONS = 100
"""For the status port, the name server and the sockets that listen."""

_PROCESS_BYTES = 24 * 2**20
"""Master and one worker without connections: 4 and 8 MiB with one route, 12 and 8 MiB with a hundred (seen: 1.30)."""

_CONNECTION_BYTES = 8 * 1024
"""The pools of a client's connection, its request and the one to a replica: 512 bytes and 4 KiB, and the sockets'
events (nginx's own defaults)."""

_TLS_BYTES = 32 * 1024
"""Of one TLS connection, beside its buffers (as HAProxy's: OpenSSL's)."""

RATE_ZONE_BYTES = 16 * 2**20
"""128 bytes for each client address (documentation of limit_req_zone): 100,000 and more. The oldest give way."""

_SESSIONS_BYTES = 10 * 2**20


_MOST_WORKERS = 64


def workers(settings: Balancer) -> int:
    """One process for each CPU; as HAProxy's threads, not more than a large host has."""
    return min(_MOST_WORKERS, math.ceil(settings.container_resources().cpu_limit_millis / 1000))


def needed_bytes(settings: Balancer) -> int:
    """At worst: every connection of each worker with a buffer in each direction, every zone full."""
    connection = _CONNECTION_BYTES + 2 * settings.limits.headers + (_TLS_BYTES if settings.tls else 0)
    zones = sum(route.rate_limit is not None for route in settings.routes) * RATE_ZONE_BYTES
    return (
        workers(settings) * (_PROCESS_BYTES + settings.max_connections * connection)
        + zones
        + (_SESSIONS_BYTES if settings.tls else 0)
    )
