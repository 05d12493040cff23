"""The write endpoint: a small proxy tier that follows the primary by Patroni's REST checks."""

from pathlib import Path

import pulumi

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
    text = render(_FILES, "proxy.cfg.j2", maxconn=settings.max_connections * 2, member_hosts=members.member_hosts)
    config = scope.config_file(f"{word}-config", text)
    health = Probe(check=HttpCheck(path="/health", port=STATUS_PORT), interval_seconds=2, timeout_seconds=2)
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
            probes=Probes(ready=health, live=health, start_seconds=30),
            depends_on=(*members.resources, *depends_on),
        )
    )
