"""Image pins as what components take."""

from dataclasses import dataclass

from components.store_image import ExporterImage, StoreImage
from model import HttpTool, Image
from settings.images import ImagePin, ImagesSettings


@dataclass(frozen=True)
class Images:
    """The images of a stack, by the name of their pin. A rule has made sure that each one exists."""

    settings: ImagesSettings = ImagesSettings()

    def find(self, name: str) -> Image | None:
        """The image of the pin `name`, if there is such a pin."""
        pin = self.settings.pin(name)
        return _word(pin) if pin else None

    def of(self, name: str) -> Image:
        """The image of the pin `name`."""
        return _word(self._pin(name))

    def store(self, name: str) -> StoreImage:
        """The image of a server that keeps data."""
        pin = self._pin(name)
        assert pin.data_dir is not None, f"the pin {name} has no data_dir: a rule should have refused the stack"
        return StoreImage(image=_word(pin), data_dir=pin.data_dir, bin_dir=pin.bin_dir, major=pin.major)

    def exporter(self, name: str) -> ExporterImage:
        """The image of an exporter."""
        pin = self._pin(name)
        return ExporterImage(image=_word(pin), bin_dir=pin.bin_dir)

    def _pin(self, name: str) -> ImagePin:
        pin = self.settings.pin(name)
        assert pin is not None, f"no pin {name}: a rule should have refused the stack"
        return pin


def _word(pin: ImagePin) -> Image:
    return Image(ref=pin.ref, uid=pin.uid, gid=pin.gid, http_tool=HttpTool(pin.http_probe))
