"""Image pins as the words that components take."""

from components.app_tier.settings import AppTierSettings
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


def app_image(images: ImagesSettings, app: AppTierSettings) -> Image:
    """An application's image: a pin by its name, or a reference with the identity that the tier's settings give."""
    if pin := images.pin(app.image):
        return word(pin)
    return Image(ref=app.image, uid=app.run_as.uid, gid=app.run_as.gid, http_tool=HttpTool(app.http_tool))
