"""Repository: where backups are kept, and the passphrase that they are encrypted with."""

from collections.abc import Mapping

import pulumi

from components.component import Component
from components.contracts import BackupRepository
from components.repository.settings import RepositorySettings
from components.scope import Scope
from model import Origin
from platforms.base import Platform

_PASSPHRASE_CHARACTERS = 48


class Repository(Component):
    """One repository. `secrets` are the values of given secrets. Outputs: `contract`, what those need that back up."""

    contract: BackupRepository

    def __init__(
        self,
        name: str,
        settings: RepositorySettings,
        *,
        platform: Platform,
        secrets: Mapping[str, pulumi.Output[str]],
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:Repository", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="repositories", name=name), parent=self.place)
        s3 = settings.s3
        if settings.passphrase is None:
            passphrase = scope.password(f"{name}-passphrase", length=_PASSPHRASE_CHARACTERS)
        else:
            passphrase = secrets[settings.passphrase]
        self.contract = BackupRepository(
            endpoint=s3.endpoint,
            port=s3.port,
            bucket=s3.bucket,
            region=s3.region,
            path_style=s3.path_style,
            prefix=settings.prefix or platform.stack,
            key=secrets[s3.key],
            secret=secrets[s3.secret],
            ca=secrets[s3.ca_secret] if s3.ca_secret else s3.ca,
            passphrase=passphrase,
            outside=s3.outside,
        )
        self.register_outputs({"passphrase": pulumi.Output.secret(passphrase)})
