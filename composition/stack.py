"""The root model: a stack is maps of named balancers, applications, databases, caches, repositories and shared
volumes."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from components.app_tier.settings import AppTierSettings
from components.external import is_external
from components.load_balancer.settings import LoadBalancerSettings
from components.monitoring_stack.settings import MonitoringSettings
from components.postgres_ha.external import ExternalDatabase
from components.postgres_ha.settings import PostgresSettings
from components.rabbitmq.external import ExternalBroker
from components.rabbitmq.settings import RabbitSettings
from components.redis_cluster.settings import ClusterSettings
from components.redis_sentinel.external import ExternalCache
from components.redis_sentinel.settings import RedisSettings
from components.repository.settings import RepositorySettings
from components.shared_volume.settings import SharedVolumeSettings
from guarantees.objectives import ObjectivesSettings
from platforms.table import PlatformSettings
from settings.base import Settings
from settings.generated import GeneratedSecret
from settings.images import ImagesSettings
from settings.types import Name, SecretName

Database = Annotated[
    Annotated[PostgresSettings, Tag("here")] | Annotated[ExternalDatabase, Tag("elsewhere")],
    Discriminator(is_external),
]
Cache = Annotated[
    Annotated[RedisSettings, Tag("here")] | Annotated[ExternalCache, Tag("elsewhere")], Discriminator(is_external)
]
Broker = Annotated[
    Annotated[RabbitSettings, Tag("here")] | Annotated[ExternalBroker, Tag("elsewhere")], Discriminator(is_external)
]


KeeperPath = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z][a-z0-9-]*$")]
"""The path of a part that keeps data: `databases.main`."""


class Stack(Settings):
    """Everything that a stack file says under `ha-platform:stack`."""

    platform: PlatformSettings
    """Where it runs."""
    images: ImagesSettings = ImagesSettings()
    """Where the platform's images come from."""
    data: Literal["keep", "delete"] = "keep"
    """Whether volumes outlive the stack."""
    abandon_data: tuple[KeeperPath, ...] = ()
    """What may leave the stack file, or keep nothing any more, though it has data: `[databases.main]`. Without its name
    here that is refused. For one `up`; its volumes stay where they are, except as `data: delete` says."""
    objectives: ObjectivesSettings = ObjectivesSettings()
    """What every database and cache has to keep when something is lost, unless its own `objectives` say otherwise. Not
    judged are stores outside the stack, and `lost_writes` of caches that keep nothing on disk."""
    generated_secrets: dict[SecretName, GeneratedSecret] = Field(default_factory=dict)
    """Secrets that the stack makes by itself: applications name them in `secrets` and `secret_env` as they name given
    ones, and several may have the same (a key that signs sessions)."""
    balancers: dict[Name, LoadBalancerSettings] = Field(default_factory=dict)
    """Load balancers by name."""
    apps: dict[Name, AppTierSettings] = Field(default_factory=dict)
    """Application tiers by name."""
    databases: dict[Name, Database] = Field(default_factory=dict)
    """PostgreSQL clusters by name, or databases outside the stack (`external`)."""
    caches: dict[Name, Cache] = Field(default_factory=dict)
    """Redis replication groups by name, or servers outside the stack (`external`)."""
    clusters: dict[Name, ClusterSettings] = Field(default_factory=dict)
    """Redis clusters by name: keys are spread over several masters."""
    brokers: dict[Name, Broker] = Field(default_factory=dict)
    """RabbitMQ clusters by name, or servers outside the stack (`external`)."""
    repositories: dict[Name, RepositorySettings] = Field(default_factory=dict)
    """Where backups are kept, outside the members, by name. Databases, caches and brokers choose them in `backups`."""
    volumes: dict[Name, SharedVolumeSettings] = Field(default_factory=dict)
    """Shared volumes by name. (A volume of each replica's own stands in its application.)"""
    monitoring: MonitoringSettings | None = None
    """Metrics, alerts and dashboards. Default: not monitored."""
