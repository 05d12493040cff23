"""A Redis server that somebody else runs."""

from collections.abc import Mapping

from pydantic import Field

from components.contracts import Terms
from components.external import ExternalAddress, ExternalStore, LoginName
from components.redis_sentinel.contract import plain_terms, plain_url
from components.redis_sentinel.timers import SOCKET_TIMEOUT_SECONDS
from settings.types import PortNumber


class ExternalRedis(ExternalAddress):
    """Where the server is, and how its clients log in."""

    port: PortNumber = 6379
    """Its port."""
    user: LoginName | None = None
    """The user of its access list. Default: the password alone."""
    database: int = Field(default=0, ge=0, le=15, strict=True)
    """The number of the logical database."""


class ExternalCache(ExternalStore):
    """A Redis server outside the stack: nothing is built for it, and applications get the contract of an endpoint."""

    external: ExternalRedis
    """Where it is."""

    def terms(self) -> Terms:
        return plain_terms(self.external.tls, user=self.external.user is not None)

    def url(self) -> str:
        return plain_url(self.external.tls, user=self.external.user is not None)

    def values(self) -> Mapping[str, str]:
        user = {"user": self.external.user} if self.external.user is not None else {}
        return {"database": str(self.external.database), "socket_timeout": str(SOCKET_TIMEOUT_SECONDS)} | user
