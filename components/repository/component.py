"""Repository: where backups are kept, and the passphrase that they are encrypted with."""

from collections.abc import Mapping
from types import MappingProxyType

import pulumi

from components.component import Component
from components.contracts import BackupRepository
from components.repository.settings import RepositorySettings
from components.repository.store import Given
from components.scope import Scope
from model import Origin, SharedVolumeRef
from platforms.base import Platform

_PASSPHRASE_CHARACTERS = 48


class Repository(Component):
    """One repository. `secrets` are the values of given secrets, `volumes` the shared volumes by name. Outputs:
    `contract`, what those need that back up."""

    contract: BackupRepository

    def __init__(
        self,
        name: str,
        settings: RepositorySettings,
        *,
        platform: Platform,
        secrets: Mapping[str, pulumi.Output[str]],
        volumes: Mapping[str, SharedVolumeRef] = MappingProxyType({}),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:Repository", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="repositories", name=name), parent=self.place)
        if settings.passphrase is None:
            passphrase = scope.password(f"{name}-passphrase", length=_PASSPHRASE_CHARACTERS)
        else:
            passphrase = secrets[settings.passphrase]
        prefix = settings.prefix or platform.stack
        given = Given(name=name, prefix=prefix, passphrase=passphrase, secrets=secrets, volumes=volumes)
        self.contract = settings.store.repository(given)
        self.register_outputs({"passphrase": pulumi.Output.secret(passphrase)})
