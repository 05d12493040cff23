"""The images of the monitoring stack."""

from dataclasses import dataclass

from components.store_image import StoreImage
from model import Image


@dataclass(frozen=True, kw_only=True)
class MonitoringImages:
    """`grafana` is None where no image of it can be had. `python` is any that has Python."""

    prometheus: StoreImage
    alertmanager: StoreImage
    node_exporter: Image
    python: Image
    grafana: StoreImage | None
