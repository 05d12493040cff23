"""How a container is stopped."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stop:
    """`signal` asks the process to finish its work; after `grace_seconds` it is killed."""

    signal: str = "SIGTERM"
    grace_seconds: int = 30
