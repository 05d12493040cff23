"""What a container may do. The defaults are the strict ones; each relaxation is a named field."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Security:
    """Non-root, read-only root file system and no capabilities, unless said otherwise."""

    read_only_root: bool = True
    capabilities: tuple[str, ...] = ()
    run_as_root: bool = False
