"""Redis through Sentinel: every new connection asks who the master is."""

from typing import Any

from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import RedisError

from .settings import RedisSettings

UNAVAILABLE = (RedisError, OSError, TimeoutError)
"""What a lost master, or Sentinels that do not agree yet, look like from here."""

_RETRIES = 2
_RETRY_AFTER_SECONDS = 0.3


def connect(settings: RedisSettings) -> Any:
    """A client of the master; connects on first use.

    A command whose connection broke is sent again, so it may run twice: callers use commands that bear it.
    """
    common: dict[str, Any] = {
        "socket_timeout": settings.socket_timeout,
        "socket_connect_timeout": settings.socket_timeout,
    }
    if settings.ca_file:
        common |= {"ssl": True, "ssl_ca_certs": settings.ca_file, "ssl_check_hostname": True}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        settings.sentinels,
        # One try each: the next Sentinel is the retry.
        sentinel_kwargs={**common, "password": settings.sentinel_password, "retry": Retry(NoBackoff(), 0)},
    )
    return sentinel.master_for(
        settings.master_name,
        **common,
        username=settings.user,
        password=settings.password,
        decode_responses=True,
        health_check_interval=10,
        retry=Retry(ConstantBackoff(_RETRY_AFTER_SECONDS), _RETRIES),
    )
