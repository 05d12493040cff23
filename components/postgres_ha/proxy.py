"""The write endpoint: a small proxy tier that follows the primary by Patroni's REST checks."""

from pathlib import Path

import pulumi

from components.liveness import liveness
from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.templates import render
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Image,
    Port,
    Probe,
    Probes,
    Resources,
    Stop,
    Tier,
    Workload,
)
from model.units import MIB

_FILES = Path(__file__).parent / "files"
_CONFIG = "/etc/ha-proxy/haproxy.cfg"
_NEVER_SECONDS = 24 * 24 * 3600
"""HAProxy wants a limit, and its largest is 2^31 - 1 ms: 24.8 days."""
STATUS_PORT = 8404
"""Health and Prometheus metrics of the proxy."""


def write_endpoint(
    scope: Scope,
    name: str,
    settings: PostgresSettings,
    *,
    image: Image,
    members: Endpoint,
    depends_on: tuple[pulumi.Resource, ...],
) -> Endpoint:
    """One proxy for one member, two for three. Connections to a deposed primary are closed, not left to hang."""
    word = f"{name}-rw"
    text = render(
        _FILES,
        "proxy.cfg.j2",
        maxconn=settings.max_connections * 2,
        idle_seconds=settings.idle_timeout or _NEVER_SECONDS,
        member_hosts=members.member_hosts,
    )
    config = scope.config_file(f"{word}-config", text)
    health = HttpCheck(path="/health", port=STATUS_PORT)
    return scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("haproxy",),
                args=("-W", "-db", "-f", _CONFIG),
                files=(File(path=_CONFIG, source=config),),
                resources=Resources(
                    cpu_request_millis=50,
                    cpu_limit_millis=1000,
                    memory_request_bytes=32 * MIB,
                    memory_limit_bytes=256 * MIB,
                ),
                stop=Stop(signal="SIGUSR1", grace_seconds=15),
            ),
            replicas=1 if settings.members == 1 else 2,
            ports=(Port(name="postgres", number=5432), Port(name="status", number=STATUS_PORT)),
            probes=Probes(
                ready=Probe(check=health, interval_seconds=2, timeout_seconds=2),
                live=liveness(health),
                start_seconds=30,
            ),
            # Two on one host would be lost together.
            spread="prefer" if settings.members == 1 else "require",
            depends_on=(*members.resources, *depends_on),
        )
    )
