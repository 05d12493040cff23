"""What a kind of place for backups is, whichever it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.contracts import BackupRepository
from components.kind import SecretUse
from model import SharedVolumeRef


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a place is made ready with: the repository's name, the path in it and its passphrase, the values of given
    secrets, and shared volumes."""

    name: str
    prefix: str
    passphrase: pulumi.Output[str]
    secrets: Mapping[str, pulumi.Output[str]]
    volumes: Mapping[str, SharedVolumeRef]


class Store(Protocol):
    """Settings of a place."""

    def same(self, prefix: str) -> tuple[str, ...]:
        """What two repositories in one place have in common; the first is its noun, for messages."""
        ...

    def secret_uses(self) -> Iterator[SecretUse]:
        """The given secrets, by keys below the place."""
        ...

    def repository(self, given: Given) -> BackupRepository:
        """How it is reached."""
        ...
