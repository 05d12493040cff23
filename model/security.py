"""What a container may do. The defaults are the strict ones; each relaxation is a named field."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Security:
    """Read-only root file system and no capabilities, unless said otherwise. The user is the image's; that it may be
    root (uid 0) has to be said."""

    read_only_root: bool = True
    capabilities: tuple[str, ...] = ()
    allow_root: bool = False
