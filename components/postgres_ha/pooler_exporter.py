"""Metrics of the pooler: one exporter of our own that asks each replica in turn.

Programs of others ask one address each, and the two that have this name serve different figures.
"""

import json

import pulumi

from components.liveness import liveness
from components.observability import Observability, Panel, ScrapeTarget
from components.postgres_ha.members import scripts
from components.postgres_ha.pooler_alerts import PoolerAlerts
from components.scope import Scope
from components.store_image import StoreImage
from model import Container, Endpoint, File, HttpCheck, Port, Probe, Probes, Resources, SecretRef, Tier, Workload
from model.units import MIB

PORT = 9127
USER = "ha_pooler_figures"
"""Of the poolers' console, where it reads and changes nothing. It is no role of the servers."""
RESOURCES = Resources(
    cpu_request_millis=10,
    cpu_limit_millis=250,
    memory_request_bytes=24 * MIB,
    memory_limit_bytes=96 * MIB,
)
_DIRECTORY = "/etc/ha-pooler-exporter"


def pooler_exporter(
    scope: Scope,
    name: str,
    *,
    image: StoreImage,
    pooler: Endpoint,
    replicas: int,
    ca: SecretRef,
    password: pulumi.Output[str],
) -> Observability:
    """`image` is the servers', `ca` the authority of the pooler's certificate."""
    word = f"{name}-pooler-exporter"
    told = {"host": pooler.host, "replicas": pooler.replicas_host, "seconds": 0, "user": USER}
    told |= {"psql": image.program("psql"), "ca": f"{_DIRECTORY}/ca.pem"}
    texts = scripts("pooler_metrics", "poolers") | {"told": ("told.json", json.dumps(told, indent=2) + "\n")}
    health = HttpCheck(path="/", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("python3", "-m", "scripts.pooler_metrics"),
                args=(f"{_DIRECTORY}/told.json", f"{_DIRECTORY}/password", "0.0.0.0", str(PORT)),
                env={"PYTHONPATH": _DIRECTORY},
                files=(
                    *scope.config_files(word, _DIRECTORY, texts),
                    File(path=f"{_DIRECTORY}/password", source=scope.secret(f"{word}-password", password)),
                    File(path=f"{_DIRECTORY}/ca.pem", source=ca),
                ),
                resources=RESOURCES,
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=30),
            depends_on=pooler.resources,
        )
    )
    target = ScrapeTarget(job=f"postgres-{name}-pooler", replicas_host=endpoint.replicas_host, port=PORT)
    own = f'job="{target.job}"'
    return Observability(
        targets=(target,),
        rules=PoolerAlerts(name=name, replicas=replicas, job=target.job).rules(),
        panels=(
            Panel(
                title=f"{name}: pooler, clients that wait",
                expr=f"sum by (database) (ha_pooler_clients_waiting{{{own}}})",
            ),
            Panel(
                title=f"{name}: pooler, connections lent", expr=f"sum by (database) (ha_pooler_servers_active{{{own}}})"
            ),
        ),
    )
