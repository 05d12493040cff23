"""Images built from Debian and PyPI packages, written straight into the storage that the hosts' registries serve."""

from sandbox.images.build import ensure_images

__all__ = ["ensure_images"]
