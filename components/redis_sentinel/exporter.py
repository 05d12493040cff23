"""Metrics of the Redis servers: one exporter that asks each member in turn."""

import json

import pulumi

from components.liveness import liveness
from components.observability import AlertRule, Observability, Panel, ScrapeTarget
from components.redis_sentinel.settings import RedisSettings
from components.scope import Scope
from components.store_image import ExporterImage
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Port,
    Probe,
    Probes,
    Resources,
    Tier,
    Workload,
)
from model.units import MIB

PORT = 9121
_PASSWORDS = "/run/secrets/redis_passwords"


def exporter(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: ExporterImage,
    redis: Endpoint,
    password: pulumi.Output[str],
) -> Observability:
    """A target for each member. The exporter reads the password from a file that maps addresses to passwords."""
    word = f"{name}-exporter"
    addresses = [f"redis://{host}:6379" for host in redis.member_hosts]
    passwords = password.apply(lambda value: json.dumps(dict.fromkeys(addresses, value)))
    secret = scope.secret(f"{word}-passwords", passwords)
    health = HttpCheck(path="/health", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=(f"{(image.bin_dir or '/usr/bin').rstrip('/')}/redis_exporter",),
                # No address of its own: it looks only at what a scrape names.
                args=("-redis.addr=", f"-redis.password-file={_PASSWORDS}", f"-web.listen-address=:{PORT}"),
                files=(File(path=_PASSWORDS, source=secret),),
                resources=Resources(
                    cpu_request_millis=10,
                    cpu_limit_millis=250,
                    memory_request_bytes=16 * MIB,
                    memory_limit_bytes=64 * MIB,
                ),
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            depends_on=redis.resources,
        )
    )
    targets = tuple(
        ScrapeTarget(
            job=f"redis-{name}-{ordinal}",
            replicas_host=endpoint.replicas_host,
            port=PORT,
            path="/scrape",
            params=(("target", address),),
        )
        for ordinal, address in enumerate(addresses)
    )
    own = f'job=~"redis-{name}-[0-9]+"'
    label = f"Redis_{name.replace('-', '_')}"
    return Observability(
        targets=targets,
        rules=(
            AlertRule(
                name=f"{label}Down",
                expr=f"(sum(redis_up{{{own}}}) or vector(0)) < {settings.members}",
                for_seconds=60,
                severity="critical",
                summary=f"{label}: only {{{{ $value }}}} of {settings.members} members answer",
                runbook="docs/runbooks/redis-down.md",
            ),
        ),
        panels=(
            Panel(title=f"{name}: connected clients", expr=f"sum(redis_connected_clients{{{own}}})"),
            Panel(title=f"{name}: memory", expr=f"max(redis_memory_used_bytes{{{own}}})", unit="bytes"),
        ),
    )
