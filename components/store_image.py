"""Images of servers that keep data, and of what watches them."""

from dataclasses import dataclass

from model import Image


@dataclass(frozen=True, kw_only=True)
class StoreImage:
    """An image with a directory for a volume, owned by the image's uid, where its programs are, and
    a database server's major version."""

    image: Image
    data_dir: str
    bin_dir: str | None = None
    major: int | None = None

    def program(self, name: str) -> str:
        """Its path, or its name where it is on PATH."""
        return f"{self.bin_dir}/{name}" if self.bin_dir else name


@dataclass(frozen=True, kw_only=True)
class ExporterImage:
    """An image with an exporter, and where its program is (None: in /usr/bin)."""

    image: Image
    bin_dir: str | None = None

    def program(self, name: str) -> str:
        """Its path."""
        return f"{(self.bin_dir or '/usr/bin').rstrip('/')}/{name}"
