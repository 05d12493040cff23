"""A volume that belongs to one member and outlives its container."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Mounted at `path`, a directory that the image's uid owns. `size_bytes` is requested where sizes exist."""

    path: str
    size_bytes: int
