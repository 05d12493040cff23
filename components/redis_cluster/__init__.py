"""Redis that spreads its keys over several masters."""

from components.redis_cluster.component import RedisCluster
from components.redis_cluster.settings import ClusterSettings

__all__ = ["ClusterSettings", "RedisCluster"]
