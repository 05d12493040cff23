"""The images of a PostgreSQL cluster."""

from dataclasses import dataclass

from components.store_image import StoreImage
from model import Image


@dataclass(frozen=True, kw_only=True)
class PostgresImages:
    """PostgreSQL with Patroni, the consensus store, the proxy of the endpoints, and a pooler where there is one."""

    postgres: StoreImage
    etcd: StoreImage
    proxy: Image
    pooler: Image | None = None
