"""Metrics of the Redis servers and Sentinels: one exporter that asks each in turn."""

import json

import pulumi

from components.liveness import liveness
from components.observability import Observability, Panel, ScrapeTarget
from components.redis_sentinel.acl import EXPORTER
from components.redis_sentinel.alerts import Alerts
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.tls import Certificates
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
_PASSWORDS, _CA = "/run/secrets/redis_passwords", "/run/secrets/redis_ca.pem"
RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=16 * MIB,
    memory_limit_bytes=64 * MIB,
)


def exporter(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: ExporterImage,
    redis: Endpoint,
    sentinels: Endpoint,
    secrets: RedisSecrets,
    certificates: Certificates | None,
) -> Observability:
    """A target for each server. The exporter reads the passwords from a file that maps addresses to passwords."""
    word = f"{name}-exporter"
    scheme = "rediss" if certificates else "redis"
    members = [f"{scheme}://{EXPORTER}@{host}:6379" for host in redis.member_hosts]
    watching = [f"{scheme}://{host}:26379" for host in sentinels.member_hosts]
    passwords = pulumi.Output.all(secrets.exporter_password, secrets.sentinel_password).apply(
        lambda both: json.dumps(dict.fromkeys(members, both[0]) | dict.fromkeys(watching, both[1]))
    )
    secret = scope.secret(f"{word}-passwords", passwords)
    health = HttpCheck(path="/health", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=(image.program("redis_exporter"),),
                # No address of its own: it looks only at what a scrape names.
                args=(
                    "-redis.addr=",
                    f"-redis.password-file={_PASSWORDS}",
                    f"-web.listen-address=:{PORT}",
                    # Shorter than Prometheus waits: a server that is gone is told as down, not as a lost exporter.
                    "-connection-timeout=3s",
                    *((f"-tls-ca-cert-file={_CA}",) if certificates else ()),
                ),
                files=(
                    File(path=_PASSWORDS, source=secret),
                    *((File(path=_CA, source=certificates.ca),) if certificates else ()),
                ),
                resources=RESOURCES,
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            depends_on=redis.resources,
        )
    )
    targets = tuple(
        ScrapeTarget(
            job=f"{job}-{name}-{ordinal}",
            replicas_host=endpoint.replicas_host,
            port=PORT,
            path="/scrape",
            params=(("target", address),),
        )
        for job, addresses in (("redis", members), ("sentinel", watching))
        for ordinal, address in enumerate(addresses)
    )
    alerts = Alerts(name=name, settings=settings, members=f"redis-{name}-[0-9]+", sentinels=f"sentinel-{name}-[0-9]+")
    own = f'job=~"{alerts.members}"'
    return Observability(
        targets=targets,
        rules=alerts.rules(),
        panels=(
            Panel(title=f"{name}: connected clients", expr=f"sum(redis_connected_clients{{{own}}})"),
            Panel(title=f"{name}: memory", expr=f"max(redis_memory_used_bytes{{{own}}})", unit="bytes"),
        ),
    )
