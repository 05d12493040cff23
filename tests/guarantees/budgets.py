"""Promises of settings, as a stack file would have them."""

from typing import Any

from components.postgres_ha.guarantees import promises as of_postgres
from components.postgres_ha.settings import PostgresSettings
from components.redis_cluster.guarantees import promises as of_cluster
from components.redis_cluster.settings import ClusterSettings
from components.redis_sentinel.guarantees import promises as of_redis
from components.redis_sentinel.settings import RedisSettings
from guarantees.promise import Promise
from guarantees.surroundings import Surroundings
from platforms.kubernetes.settings import KubernetesSettings
from platforms.swarm.settings import SwarmSettings

SWARM = SwarmSettings(kind="swarm", nodes=("a", "b", "c"), entry="dns").surroundings()
KUBERNETES = KubernetesSettings(kind="kubernetes").surroundings()


def postgres(around: Surroundings = SWARM, **settings: Any) -> dict[str, Promise]:
    """By fault."""
    return {one.fault: one for one in of_postgres(PostgresSettings.model_validate(settings), around)}


def redis(around: Surroundings = SWARM, **settings: Any) -> dict[str, Promise]:
    """By fault."""
    return {one.fault: one for one in of_redis(RedisSettings.model_validate({"role": "session"} | settings), around)}


def redis_cluster(around: Surroundings = SWARM, **settings: Any) -> dict[str, Promise]:
    """By fault."""
    model = ClusterSettings.model_validate({"role": "store"} | settings)
    return {one.fault: one for one in of_cluster(model, around)}


def failover(ttl: int, loop_wait: int, retry_timeout: int) -> dict[str, int]:
    """Patroni's timers in seconds."""
    return {"ttl": ttl, "loop_wait": loop_wait, "retry_timeout": retry_timeout}


def seconds(promise: Promise) -> float | None:
    """Of the outage."""
    return None if promise.outage_millis is None else promise.outage_millis / 1000
