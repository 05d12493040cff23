"""A volume that belongs to one member and outlives its container."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Mounted at `path`, a directory that the image's uid owns. `size_bytes` is requested where sizes exist."""

    path: str
    size_bytes: int
    disposable: bool = False
    """Nobody misses what is in it: a member may move away from it and start on an empty one."""
