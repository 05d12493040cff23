"""A small proxy tier that asks every member whether it is the primary."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pulumi

from components.kind import ImageNeed
from components.liveness import liveness
from components.observability import ScrapeTarget
from components.scope import Scope
from components.templates import render
from components.verified import Verified
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
READY_SECONDS = 2
"""Between two looks whether a proxy is ready."""
RESOURCES = Resources(
    cpu_request_millis=50,
    cpu_limit_millis=1000,
    memory_request_bytes=32 * MIB,
    memory_limit_bytes=256 * MIB,
)


@dataclass(frozen=True, kw_only=True)
class PrimaryCheck:
    """How a member is asked whether it is the primary: lines of HAProxy's configuration, which may name the variables
    of `secrets`, the port, if it is not the store's own, and how the member is `verified`, if it encrypts. With `plain`
    each is asked both ways, and answers one: so they can change. Clients' connections are passed on as they are."""

    lines: tuple[str, ...]
    port: int | None = None
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    verified: Verified | None = None
    plain: bool = False

    @property
    def ways(self) -> tuple[bool, ...]:
        """Each: whether by TLS."""
        return (False, True) if self.verified and self.plain else (self.verified is not None,)


@dataclass(frozen=True, kw_only=True)
class Reads:
    """That connections go to replicas: how a member is asked whether it is one that is near enough, and whether the
    primary serves them while none is."""

    lines: tuple[str, ...]
    fallback: bool


@dataclass(frozen=True, kw_only=True)
class Waits:
    """That there is a second port, for a pooler: a connection waits there for a primary, for so many seconds. `program`
    is Lua, gets `arguments`, and registers the action `wait_for_primary`."""

    program: str
    seconds: int
    arguments: tuple[str, ...] = ()


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
    ready_without: int | None = None,
    depends_on: tuple[pulumi.Resource, ...] = (),
) -> Endpoint:
    """One proxy for one member, two for more. Connections to a deposed primary are closed, not left to hang; with
    `reads` those to a replica that is no longer near enough.

    A proxy is ready when it answers. With `ready_without` it is when it leads to a primary, and no longer after so many
    looks (one in `READY_SECONDS`) without one: longer than a failover may take, for who is not ready is found later.
    """
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
            ready=ready_without is not None,
        ),
    )
    files, ports = [File(path=_CONFIG, source=config)], [port]
    if check.verified:
        files.append(File(path=CA_FILE, source=check.verified.ca))
    if waits:
        files.append(File(path=WAIT_PROGRAM, source=scope.config_file(f"{word}-wait", waits.program)))
        ports.append(Port(name="waiting", number=WAITING_PORT))
    health = HttpCheck(path="/health", port=STATUS_PORT)
    ready = Probe(check=health, interval_seconds=READY_SECONDS, timeout_seconds=2)
    if ready_without is not None:
        ready = replace(ready, check=HttpCheck(path="/ready", port=STATUS_PORT), failures=ready_without)
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
                ready=ready,
                live=liveness(health),
                # The members may take so long to agree on a primary.
                start_seconds=30 if ready_without is None else 120,
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
    ready: bool = False,
) -> str:
    """HAProxy's configuration. `ready`: with a page that says whether there is a primary."""
    return render(
        _FILES,
        "proxy.cfg.j2",
        member_hosts=member_hosts,
        port=port,
        checks=check.lines,
        check_port=check.port,
        ways=check.ways,
        verified_host=check.verified.host if check.verified else None,
        ca_file=CA_FILE,
        maxconn=max_connections,
        idle_seconds=idle_seconds,
        times=TIMERS.texts(),
        fall=FALL,
        rise=RISE,
        reads=reads,
        waits=waits,
        ready=ready,
        waiting_port=WAITING_PORT,
        wait_program=WAIT_PROGRAM,
    )
