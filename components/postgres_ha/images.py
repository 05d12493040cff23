"""The images of a PostgreSQL cluster."""

from dataclasses import dataclass

from components.store_image import ExporterImage, StoreImage
from model import Image


@dataclass(frozen=True, kw_only=True)
class PostgresImages:
    """PostgreSQL with Patroni, the consensus store, the proxy of the endpoints, the exporter, and a pooler
    where there is one."""

    postgres: StoreImage
    etcd: StoreImage
    proxy: Image
    exporter: ExporterImage
    pooler: Image | None = None
