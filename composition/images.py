"""Image pins as what components take."""

from components.app_tier.settings import AppTierSettings
from components.monitoring_stack.images import MonitoringImages
from components.postgres_ha.images import PostgresImages
from components.store_image import ExporterImage, StoreImage
from model import HttpTool, Image
from settings.images import ImagePin, ImagesSettings


def pinned(images: ImagesSettings, name: str) -> ImagePin:
    """The pin `name`; the rules have made sure that it exists."""
    pin = images.pin(name)
    assert pin is not None, f"no pin {name}: a rule should have refused the stack"
    return pin


def word(pin: ImagePin) -> Image:
    """The neutral word of a pin."""
    return Image(ref=pin.ref, uid=pin.uid, gid=pin.gid, http_tool=HttpTool(pin.http_probe))


def store(images: ImagesSettings, name: str) -> StoreImage:
    """The pin `name`, of a server that keeps data."""
    pin = pinned(images, name)
    assert pin.data_dir is not None, f"the pin {name} has no data_dir: a rule should have refused the stack"
    return StoreImage(image=word(pin), data_dir=pin.data_dir, bin_dir=pin.bin_dir)


def exporter(images: ImagesSettings, name: str) -> ExporterImage:
    """The pin `name`, of an exporter."""
    pin = pinned(images, name)
    return ExporterImage(image=word(pin), bin_dir=pin.bin_dir)


def postgres(images: ImagesSettings) -> PostgresImages:
    """The images of a PostgreSQL cluster."""
    return PostgresImages(
        postgres=store(images, "postgres"), etcd=store(images, "etcd"), proxy=word(pinned(images, "haproxy"))
    )


def monitoring(images: ImagesSettings, *, grafana: bool) -> MonitoringImages:
    """The images of the monitoring stack."""
    return MonitoringImages(
        prometheus=store(images, "prometheus"),
        alertmanager=store(images, "alertmanager"),
        node_exporter=word(pinned(images, "node-exporter")),
        grafana=store(images, "grafana") if grafana else None,
    )


def app_image(images: ImagesSettings, app: AppTierSettings) -> Image:
    """An application's image: a pin by its name, or a reference with the identity that the tier's settings give."""
    if pin := images.pin(app.image):
        return word(pin)
    return Image(ref=app.image, uid=app.run_as.uid, gid=app.run_as.gid, http_tool=HttpTool(app.http_tool))
