"""A PostgreSQL database that somebody else runs."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from components.contracts import Terms
from components.external import ExternalAddress, ExternalStore
from components.postgres_ha.contract import database_terms, database_url
from components.postgres_ha.timers import CONNECT_SECONDS
from settings.types import PortNumber

DatabaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.$-]{0,62}$")]
"""As providers name databases. No library has to decode it."""

UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@$-]{0,127}$")]
"""As providers name roles (`app@server`)."""


class ExternalPostgres(ExternalAddress):
    """Where the database is, and how its clients log in."""

    port: PortNumber = 5432
    """Its port."""
    database: DatabaseName
    """The database's name."""
    user: UserName
    """The role of the applications."""


class ExternalDatabase(ExternalStore):
    """A PostgreSQL database outside the stack: nothing is built for it, and applications get the same contract."""

    external: ExternalPostgres
    """Where it is."""

    def terms(self) -> Terms:
        return database_terms(self.external.tls)

    def url(self) -> str:
        return database_url(self.external.tls)

    def values(self) -> Mapping[str, str]:
        return {"name": self.external.database, "user": self.external.user, "connect_timeout": str(CONNECT_SECONDS)}
