"""Highly available components for any Pulumi program: a platform, and what runs on it.

from ha_platform import PostgresArgs, PostgresHA, Swarm, SwarmArgs
"""

from ha_platform.args.app_tier import AppTierArgs
from ha_platform.args.load_balancer import LoadBalancerArgs
from ha_platform.args.monitoring_stack import MonitoringArgs
from ha_platform.args.postgres_ha import PostgresArgs
from ha_platform.args.rabbitmq import RabbitArgs
from ha_platform.args.redis_cluster import ClusterArgs
from ha_platform.args.redis_sentinel import RedisArgs
from ha_platform.args.repository import RepositoryArgs
from ha_platform.args.shared import ImagesArgs, KubernetesArgs, SwarmArgs
from ha_platform.args.shared_volume import SharedVolumeArgs
from ha_platform.components import (
    AppTier,
    LoadBalancer,
    MonitoringStack,
    PostgresHA,
    RabbitMQ,
    RedisCluster,
    RedisSentinel,
    Repository,
    SharedVolume,
)
from ha_platform.platforms import Kubernetes, Swarm
from settings.faults import BrokenStack

__all__ = [
    "AppTier",
    "AppTierArgs",
    "BrokenStack",
    "ClusterArgs",
    "ImagesArgs",
    "Kubernetes",
    "KubernetesArgs",
    "LoadBalancer",
    "LoadBalancerArgs",
    "MonitoringArgs",
    "MonitoringStack",
    "PostgresArgs",
    "PostgresHA",
    "RabbitArgs",
    "RabbitMQ",
    "RedisArgs",
    "RedisCluster",
    "RedisSentinel",
    "Repository",
    "RepositoryArgs",
    "SharedVolume",
    "SharedVolumeArgs",
    "Swarm",
    "SwarmArgs",
]
