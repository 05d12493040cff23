"""The images of a PostgreSQL cluster."""

from dataclasses import dataclass

from components.store_image import StoreImage
from model import Image


@dataclass(frozen=True, kw_only=True)
class PostgresImages:
    """PostgreSQL with Patroni, the consensus store, and the proxy of the write endpoint."""

    postgres: StoreImage
    etcd: StoreImage
    proxy: Image
