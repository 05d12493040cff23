"""A small proxy tier that asks every member whether it is the primary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.kind import ImageNeed
from components.liveness import liveness
from components.observability import ScrapeTarget
from components.scope import Scope
from components.templates import render
from components.write_proxy.timers import FALL, RISE, TIMERS
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
    SecretRef,
    Stop,
    Tier,
    Workload,
)
from model.units import MIB

IMAGE = ImageNeed("haproxy", version=("haproxy", "-v"))
_FILES = Path(__file__).parent / "files"
_CONFIG = "/etc/ha-proxy/haproxy.cfg"
NEVER_SECONDS = 24 * 24 * 3600
"""HAProxy wants a limit for quiet connections, and its largest is 2^31 - 1 ms: 24.8 days."""
STATUS_PORT = 8404
"""Health and Prometheus metrics of the proxy."""
WAITING_PORT = 6432
"""The write endpoint's second port, where a connection waits for a primary."""
WAIT_PROGRAM = "/etc/ha-proxy/wait.lua"
CA_FILE = "/etc/ha-proxy/ca.pem"
RESOURCES = Resources(
    cpu_request_millis=50,
    cpu_limit_millis=1000,
    memory_request_bytes=32 * MIB,
    memory_limit_bytes=256 * MIB,
)


@dataclass(frozen=True, kw_only=True)
class Verified:
    """That members are asked by TLS: the certificate of their authority, and a name that each of them has to have."""

    ca: SecretRef
    host: str


@dataclass(frozen=True, kw_only=True)
class PrimaryCheck:
    """How a member is asked whether it is the primary: lines of HAProxy's configuration, which may name the variables
    of `secrets`, the port, if it is not the store's own, and how the member is `verified`, if it encrypts. Clients'
    connections are passed on as they are."""

    lines: tuple[str, ...]
    port: int | None = None
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    verified: Verified | None = None


@dataclass(frozen=True, kw_only=True)
class Reads:
    """That connections go to replicas: how a member is asked whether it is one that is near enough, and whether the
    primary serves them while none is."""

    lines: tuple[str, ...]
    fallback: bool


@dataclass(frozen=True, kw_only=True)
class Waits:
    """That there is a second port, for a pooler: a connection waits there for a primary, for so many seconds. `program`
    is Lua, and registers the action `wait_for_primary`."""

    program: str
    seconds: int


def write_proxy(
    scope: Scope,
    word: str,
    *,
    image: Image,
    port: Port,
    members: Endpoint,
    check: PrimaryCheck,
    max_connections: int,
    idle_seconds: int = NEVER_SECONDS,
    reads: Reads | None = None,
    waits: Waits | None = None,
    depends_on: tuple[pulumi.Resource, ...] = (),
) -> Endpoint:
    """One proxy for one member, two for more. Connections to a deposed primary are closed, not left to hang; with
    `reads` those to a replica that is no longer near enough."""
    several = len(members.member_hosts) > 1
    config = scope.config_file(
        f"{word}-config",
        proxy_cfg(
            members.member_hosts,
            port=port.number,
            check=check,
            max_connections=max_connections,
            idle_seconds=idle_seconds,
            reads=reads,
            waits=waits,
        ),
    )
    files, ports = [File(path=_CONFIG, source=config)], [port]
    if check.verified:
        files.append(File(path=CA_FILE, source=check.verified.ca))
    if waits:
        files.append(File(path=WAIT_PROGRAM, source=scope.config_file(f"{word}-wait", waits.program)))
        ports.append(Port(name="waiting", number=WAITING_PORT))
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
                secret_env=check.secrets,
                files=tuple(files),
                resources=RESOURCES,
                stop=Stop(signal="SIGUSR1", grace_seconds=15),
            ),
            replicas=replicas(len(members.member_hosts)),
            ports=(*ports, Port(name="status", number=STATUS_PORT)),
            probes=Probes(
                ready=Probe(check=health, interval_seconds=2, timeout_seconds=2),
                live=liveness(health),
                start_seconds=30,
            ),
            # Two on one host would be lost together.
            spread="require" if several else "prefer",
            depends_on=(*members.resources, *depends_on),
        )
    )


def replicas(members: int) -> int:
    """Proxies in front of so many members."""
    return 2 if members > 1 else 1


def scraped(job: str, endpoint: Endpoint, members: int) -> ScrapeTarget:
    """The metrics of the proxies in front of so many members."""
    return ScrapeTarget(job=job, replicas_host=endpoint.replicas_host, port=STATUS_PORT, expected=replicas(members))


def proxy_cfg(
    member_hosts: tuple[str, ...],
    *,
    port: int,
    check: PrimaryCheck,
    max_connections: int,
    idle_seconds: int,
    reads: Reads | None = None,
    waits: Waits | None = None,
) -> str:
    """HAProxy's configuration."""
    return render(
        _FILES,
        "proxy.cfg.j2",
        member_hosts=member_hosts,
        port=port,
        checks=check.lines,
        check_port=check.port,
        verified_host=check.verified.host if check.verified else None,
        ca_file=CA_FILE,
        maxconn=max_connections,
        idle_seconds=idle_seconds,
        times=TIMERS.texts(),
        fall=FALL,
        rise=RISE,
        reads=reads,
        waits=waits,
        waiting_port=WAITING_PORT,
        wait_program=WAIT_PROGRAM,
    )
