"""Backups on a shared volume."""

from collections.abc import Iterator

from pydantic import model_validator

from components.contracts import BackupRepository
from components.kind import SecretUse
from components.repository.store import Given
from model import SharedMount
from settings.base import Settings
from settings.types import Name

MOUNTED = "/var/lib/ha-repositories"


class VolumeSettings(Settings):
    """A shared volume: what takes or restores backups mounts it."""

    name: Name
    """Its name in `volumes`. It is no member's own and on no host's own disk, and nobody else writes to it."""
    instead_of: Name | None = None
    """The name of the shared volume that it was on before. The backups there stay where they are; without this key such
    a change is refused."""

    @model_validator(mode="after")
    def _another(self) -> "VolumeSettings":
        if self.instead_of == self.name:
            raise ValueError("`instead_of` is the volume itself: a new place has a new name in `volumes`")
        return self

    def same(self, prefix: str) -> tuple[str, ...]:
        """The volume."""
        return ("volume", self.name, prefix)

    def secret_uses(self) -> Iterator[SecretUse]:
        """None: a file server knows its clients."""
        yield from ()

    def repository(self, given: Given) -> BackupRepository:
        """As a directory. Where it is mounted follows from the repository, so that another volume is seen as one."""
        path = f"{MOUNTED}/{given.name}"
        volume = given.volumes[self.name]
        return BackupRepository(
            options={"type": "posix", "path": f"{path}/{given.prefix}"},
            passphrase=given.passphrase,
            shared=(SharedMount(path=path, source=volume, instead_of=self.instead_of),),
        )
