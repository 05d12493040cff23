"""What the parts of one replication group have in common."""

from dataclasses import dataclass

from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.tls import Certificates
from components.scope import Scope
from components.store_image import StoreImage


@dataclass(frozen=True, kw_only=True)
class ReplicationGroup:
    """The group `name`: where its words are said, what the stack file asks for, the image of servers and Sentinels, and
    what they log in and encrypt with (`certificates` is None: without encryption)."""

    scope: Scope
    name: str
    settings: RedisSettings
    image: StoreImage
    secrets: RedisSecrets
    certificates: Certificates | None

    @property
    def server_hosts(self) -> tuple[str, ...]:
        """Of the Redis servers, in the order of their numbers."""
        return self._hosts(f"{self.name}-redis")

    @property
    def sentinel_hosts(self) -> tuple[str, ...]:
        """Of the Sentinels."""
        return self._hosts(f"{self.name}-sentinel")

    def _hosts(self, word: str) -> tuple[str, ...]:
        return tuple(self.scope.platform.member_host(word, ordinal) for ordinal in range(self.settings.members))
