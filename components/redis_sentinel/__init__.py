"""Redis that survives the loss of its master."""

from components.redis_sentinel.component import RedisSentinel
from components.redis_sentinel.settings import RedisSettings

__all__ = ["RedisSentinel", "RedisSettings"]
