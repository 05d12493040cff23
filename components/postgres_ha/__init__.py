"""PostgreSQL that survives the loss of its primary."""

from components.postgres_ha.component import PostgresHA
from components.postgres_ha.settings import PostgresSettings

__all__ = ["PostgresHA", "PostgresSettings"]
