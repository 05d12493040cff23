"""The job that gives slots to the shards."""

import pulumi

from components.redis_cluster import timers
from components.redis_cluster.acl import MOVER
from components.redis_cluster.cluster import DIRECTORY, Cluster
from components.redis_cluster.shard import FILES
from components.redis_cluster.tls import CA_FILE
from components.sizes import reserved
from model import Container, File, Job, Tier
from model.units import MIB

RESOURCES = reserved(cpu_millis=100, memory_bytes=64 * MIB)
THRESHOLD_PERCENT = 2
"""A shard that has so much more or less than the others is evened out."""


def form(cluster: Cluster, *, after: tuple[pulumi.Resource, ...]) -> tuple[pulumi.Resource, ...]:
    """Runs when there is another shard, after its members; returns what clients wait for."""
    scope, word = cluster.scope, f"{cluster.name}-form"
    texts = {suffix: (f"{suffix}.sh", (FILES / f"{suffix}.sh").read_text()) for suffix in ("form", "asking")}
    ca = [File(path=f"{DIRECTORY}/{CA_FILE}", source=cluster.authority.ca)] if cluster.authority else []
    return scope.job(
        Job(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=cluster.image.image,
                command=("sh", f"{DIRECTORY}/form.sh"),
                env=cluster.env(MOVER)
                | {
                    "HA_HOST": "",  # it is no member
                    "HA_SHARDS": " ".join(",".join(hosts) for hosts in cluster.shards),
                    "HA_THRESHOLD": str(THRESHOLD_PERCENT),
                },
                files=(
                    *scope.config_files(word, DIRECTORY, texts),
                    File(path=f"{DIRECTORY}/password", source=cluster.secrets.mover_password),
                    *ca,
                ),
                resources=RESOURCES,
            ),
            deadline_seconds=timers.MOVE_SECONDS,
            depends_on=after,
        )
    )
