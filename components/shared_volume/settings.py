"""The settings of a shared volume."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from model.units import GIB, MIB
from settings.base import Settings
from settings.references import process_text
from settings.types import DnsName, MemoryBytes

Driver = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$")]
"""The name of a volume driver, as `docker plugin ls` shows it."""

Option = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
"""The name of an option of a driver."""

OptionText = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(process_text)]
"""The text of an option."""


class SharedVolumeSettings(Settings):
    """Files that several replicas and applications have in common: one volume that many hosts mount at the same time.
    Applications mount it by `shared_volumes`."""

    size: Annotated[MemoryBytes, Field(ge=64 * MIB, le=64 * 1024 * GIB)]
    """What is asked for. Swarm asks nobody: the file server decides."""
    storage_class: DnsName | None = None
    """Kubernetes, required there: a class whose volumes several nodes can mount (ReadWriteMany)."""
    driver: Driver | None = None
    """Swarm, required there: a volume driver that every host has. `local` mounts what `options` name; without options
    it is for Swarms of one host."""
    options: dict[Option, OptionText] = Field(default_factory=dict)
    """Options of the driver. For `local` and a file server: `type` (`nfs`, `nfs4`, `cifs`, `ceph`), `o` (with
    `addr=<server>`) and `device` (`:/exports/files`). Not for secrets."""

    @property
    def of_one_host(self) -> bool:
        """Whether it is a directory of the host itself, as far as settings alone say it."""
        return self.driver == "local" and not self.options

    @property
    def known_by(self) -> tuple[str, ...]:
        """What the same place has under every name; empty: nothing says so."""
        return (str(self.driver), *map(str, sorted(self.options.items()))) if self.options else ()
