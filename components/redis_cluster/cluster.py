"""What the parts of one cluster have in common."""

from dataclasses import dataclass

from components.redis_cluster.secrets import ClusterSecrets
from components.redis_cluster.settings import ClusterSettings
from components.redis_cluster.tls import CA_FILE, Authority
from components.scope import Scope
from components.store_image import StoreImage

DIRECTORY = "/etc/ha-redis"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The cluster `name`: where its words are said, what the stack file asks for, the image of its members, and what
    they log in and encrypt with (`authority` is None: without encryption)."""

    scope: Scope
    name: str
    settings: ClusterSettings
    image: StoreImage
    secrets: ClusterSecrets
    authority: Authority | None

    def word(self, shard: int) -> str:
        """What a shard is called."""
        return f"{self.name}-redis-{shard}"

    def hosts(self, shard: int) -> tuple[str, ...]:
        """The members of one shard, its home first."""
        members = range(1 + self.settings.replicas)
        return tuple(self.scope.platform.member_host(self.word(shard), ordinal) for ordinal in members)

    @property
    def shards(self) -> tuple[tuple[str, ...], ...]:
        """All of them."""
        return tuple(self.hosts(shard) for shard in range(self.settings.masters))

    def env(self, user: str) -> dict[str, str]:
        """Variables that all scripts share. `HA_CLI` is how they ask a member: no variable of redis-cli's own says that
        all is encrypted."""
        tls = f" --tls --cacert {DIRECTORY}/{CA_FILE}" if self.authority else ""
        return {
            "HA_CLI": f"redis-cli{tls}",
            "HA_USER": user,
            "HA_TIMEOUT_SECONDS": str(-(-self.settings.node_timeout // 1000)),
        }
