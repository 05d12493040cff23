"""The exporter of servers that speak Redis' protocol: one replica, which asks whatever server a scrape names."""

import json
from collections.abc import Mapping, Sequence

import pulumi

from components.liveness import liveness
from components.observability import ScrapeTarget
from components.scope import Scope
from components.store_image import ExporterImage
from model import Container, Endpoint, File, HttpCheck, Port, Probe, Probes, Resources, SecretRef, Tier, Workload
from model.units import MIB

PORT = 9121
_PASSWORDS, _CA = "/run/secrets/redis_passwords", "/run/secrets/redis_ca.pem"
RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=16 * MIB,
    memory_limit_bytes=64 * MIB,
)


def exporter_of(
    scope: Scope,
    name: str,
    passwords: pulumi.Output[Mapping[str, str]],
    *,
    image: ExporterImage,
    ca: SecretRef | None,
    after: Sequence[pulumi.Resource],
) -> Endpoint:
    """`<name>-exporter`. It reads a file of the servers' addresses with the password for each; `ca`: they encrypt."""
    word = f"{name}-exporter"
    secret = scope.secret(f"{word}-passwords", passwords.apply(lambda by_address: json.dumps(dict(by_address))))
    health = HttpCheck(path="/health", port=PORT)
    return scope.workload(
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
                    *((f"-tls-ca-cert-file={_CA}",) if ca else ()),
                ),
                files=(File(path=_PASSWORDS, source=secret), *((File(path=_CA, source=ca),) if ca else ())),
                resources=RESOURCES,
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            depends_on=tuple(after),
        )
    )


def target_of(exporter: Endpoint, job: str, address: str) -> ScrapeTarget:
    """What one server says, as the exporter tells it."""
    return ScrapeTarget(
        job=job, replicas_host=exporter.replicas_host, port=PORT, path="/scrape", params=(("target", address),)
    )
