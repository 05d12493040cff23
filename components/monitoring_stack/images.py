"""The images of the monitoring stack."""

from dataclasses import dataclass

from components.store_image import StoreImage
from model import Image


@dataclass(frozen=True, kw_only=True)
class MonitoringImages:
    """`grafana` is None where no image of it can be had."""

    prometheus: StoreImage
    alertmanager: StoreImage
    node_exporter: Image
    grafana: StoreImage | None
