"""The settings of a repository of backups."""

from typing import Annotated

from pydantic import StringConstraints, model_validator

from components.repository.s3 import S3Settings
from components.repository.sftp import SftpSettings
from components.repository.store import Store
from components.repository.volume import VolumeSettings
from settings.base import Settings
from settings.types import SecretName

Prefix = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200)
]
"""A path inside a bucket, without a slash at its ends."""

_STORES = ("s3", "sftp", "volume")


class RepositorySettings(Settings):
    """Where backups are kept, outside the members and encrypted: `s3`, `sftp` or `volume`. Databases name it in
    `backups.repositories`, caches and brokers in `backups.repository`."""

    s3: S3Settings | None = None
    """A bucket."""
    sftp: SftpSettings | None = None
    """A directory of a server that is reached by SSH."""
    volume: VolumeSettings | None = None
    """A shared volume."""
    prefix: Prefix | None = None
    """Where in the bucket, the directory or the volume. Default: the stack's name. No two stacks may have the same."""
    passphrase: SecretName | None = None
    """The given secret that holds the passphrase of the encryption (AES-256), for backups that another stack made or a
    lost one. Default: generated, and an output of the stack: keep it elsewhere, for without it none can be read."""

    @model_validator(mode="after")
    def _one_place(self) -> "RepositorySettings":
        given = [f"`{key}`" for key in self._given]
        if not given:
            raise ValueError("says no place: write `s3`, `sftp` or `volume`")
        if len(given) > 1:
            raise ValueError(f"is one place, and {' and '.join(given)} are {len(given)}: make a repository of each")
        return self

    @property
    def on_volume(self) -> str | None:
        """The shared volume that it is on, if it is on one."""
        return self.volume.name if self.volume else None

    @property
    def key(self) -> str:
        """Under which key the place stands."""
        return self._given[0]

    @property
    def store(self) -> Store:
        """The one place that is given."""
        found: Store = getattr(self, self.key)
        return found

    @property
    def _given(self) -> list[str]:
        return [key for key in _STORES if getattr(self, key) is not None]
