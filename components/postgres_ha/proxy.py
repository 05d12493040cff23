"""The write endpoint: a small proxy tier that follows the primary by Patroni's REST checks."""

from pathlib import Path

import pulumi

from components.postgres_ha.settings import PostgresSettings
from components.templates import render
from model import (
    ConfigFile,
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
from platforms.base import Platform

_FILES = Path(__file__).parent / "files"
_CONFIG = "/etc/ha-proxy/haproxy.cfg"
_MIB = 2**20
STATUS_PORT = 8404
"""Health and Prometheus metrics of the proxy."""


def write_endpoint(
    name: str,
    settings: PostgresSettings,
    *,
    platform: Platform,
    image: Image,
    members: Endpoint,
    depends_on: tuple[pulumi.Resource, ...],
    origin: str,
    parent: pulumi.Resource,
) -> Endpoint:
    """One proxy for one member, two for three. Connections to a deposed primary are closed, not left to hang."""
    word = f"{name}-rw"
    text = render(_FILES, "proxy.cfg.j2", maxconn=settings.max_connections * 2, member_hosts=members.member_hosts)
    config = platform.config_file(ConfigFile(name=f"{word}-config", text=text), parent=parent)
    health = Probe(check=HttpCheck(path="/health", port=STATUS_PORT), interval_seconds=2, timeout_seconds=2)
    return platform.workload(
        Workload(
            name=word,
            origin=origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("haproxy",),
                args=("-W", "-db", "-f", _CONFIG),
                files=(File(path=_CONFIG, source=config),),
                resources=Resources(
                    cpu_request_millis=50,
                    cpu_limit_millis=1000,
                    memory_request_bytes=32 * _MIB,
                    memory_limit_bytes=256 * _MIB,
                ),
                stop=Stop(signal="SIGUSR1", grace_seconds=15),
            ),
            replicas=1 if settings.members == 1 else 2,
            ports=(Port(name="postgres", number=5432), Port(name="status", number=STATUS_PORT)),
            probes=Probes(ready=health, live=health, start_seconds=30),
            depends_on=(*members.resources, *depends_on),
        ),
        parent=parent,
    )
