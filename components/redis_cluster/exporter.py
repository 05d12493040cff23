"""Metrics of the members: one exporter that asks each in turn."""

import pulumi

from components.observability import Observability, Panel
from components.redis.exporter import exporter_of, target_of
from components.redis_cluster.acl import EXPORTER
from components.redis_cluster.alerts import Alerts
from components.redis_cluster.cluster import Cluster
from components.store_image import ExporterImage


def exporter(cluster: Cluster, *, image: ExporterImage, after: tuple[pulumi.Resource, ...]) -> Observability:
    """A target for each member. The exporter reads the password from a file that maps addresses to passwords."""
    name, authority = cluster.name, cluster.authority
    scheme = "rediss" if authority else "redis"
    addresses = {
        f"{number}-{ordinal}": f"{scheme}://{EXPORTER}@{host}:6379"
        for number, hosts in enumerate(cluster.shards)
        for ordinal, host in enumerate(hosts)
    }
    passwords = cluster.secrets.exporter_password.apply(lambda password: dict.fromkeys(addresses.values(), password))
    ca = authority.ca if authority else None
    endpoint = exporter_of(cluster.scope, name, passwords, image=image, ca=ca, after=after)
    alerts = Alerts(name=name, settings=cluster.settings, members=f"redis-cluster-{name}-[0-9]+-[0-9]+")
    own = f'job=~"{alerts.members}"'
    return Observability(
        targets=tuple(
            target_of(endpoint, f"redis-cluster-{name}-{number}", address) for number, address in addresses.items()
        ),
        rules=alerts.rules(),
        panels=(
            Panel(title=f"{name}: connected clients", expr=f"sum(redis_connected_clients{{{own}}})"),
            Panel(title=f"{name}: memory of a shard", expr=f"max(redis_memory_used_bytes{{{own}}})", unit="bytes"),
        ),
    )
