"""Metrics of the Redis servers and Sentinels: one exporter that asks each in turn."""

import pulumi

from components.observability import Observability, Panel
from components.redis.exporter import exporter_of, target_of
from components.redis_sentinel.acl import EXPORTER
from components.redis_sentinel.alerts import Alerts
from components.redis_sentinel.endpoint import endpoint_job
from components.redis_sentinel.group import ReplicationGroup
from components.store_image import ExporterImage
from components.write_proxy.proxy import replicas
from model import Endpoint


def exporter(group: ReplicationGroup, *, image: ExporterImage, redis: Endpoint, sentinels: Endpoint) -> Observability:
    """A target for each server. The exporter reads the passwords from a file that maps addresses to passwords."""
    name, secrets, certificates = group.name, group.secrets, group.certificates
    scheme = "rediss" if certificates else "redis"
    members = [f"{scheme}://{EXPORTER}@{host}:6379" for host in redis.member_hosts]
    watching = [f"{scheme}://{host}:26379" for host in sentinels.member_hosts]
    passwords = pulumi.Output.all(secrets.exporter_password, secrets.sentinel_password).apply(
        lambda both: dict.fromkeys(members, both[0]) | dict.fromkeys(watching, both[1])
    )
    ca = certificates.ca if certificates else None
    endpoint = exporter_of(group.scope, name, passwords, image=image, ca=ca, after=redis.resources)
    targets = tuple(
        target_of(endpoint, f"{job}-{name}-{ordinal}", address)
        for job, addresses in (("redis", members), ("sentinel", watching))
        for ordinal, address in enumerate(addresses)
    )
    alerts = Alerts(
        name=name,
        settings=group.settings,
        members=f"redis-{name}-[0-9]+",
        sentinels=f"sentinel-{name}-[0-9]+",
        writes=endpoint_job(name) if group.settings.endpoint else "",
        proxies=replicas(group.settings.members),
    )
    own = f'job=~"{alerts.members}"'
    return Observability(
        targets=targets,
        rules=alerts.rules(),
        panels=(
            Panel(title=f"{name}: connected clients", expr=f"sum(redis_connected_clients{{{own}}})"),
            Panel(title=f"{name}: memory", expr=f"max(redis_memory_used_bytes{{{own}}})", unit="bytes"),
        ),
    )
