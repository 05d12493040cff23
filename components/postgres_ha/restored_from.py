"""What the members have so that a new cluster begins as another one was: where to read, and until when."""

import json
from dataclasses import dataclass

import pulumi

from components.contracts import BackupRepository
from components.pgbackrest import configuration, repository_files, repository_options
from components.postgres_ha.backups import programs
from components.postgres_ha.restore_settings import RestoreFromSettings
from components.scope import Scope
from components.store_image import StoreImage
from model import File

DIRECTORY = "/etc/ha-patroni/restore-from"
_SCRIPTS = ("bootstrap", "history", "repository", "restore", "target")


@dataclass(frozen=True, kw_only=True)
class RestoredFrom:
    """Of one cluster."""

    settings: RestoreFromSettings
    repository: BackupRepository

    def files(self, scope: Scope, word: str, image: StoreImage, *, beside_backups: bool) -> list[File]:
        """Everything in `DIRECTORY`, and the scripts, unless they are there for the cluster's own backups."""
        told = {
            "stanza": self.settings.database,
            "repositories": [self.settings.repository],
            "to": self.settings.to,
            "timeline": str(self.settings.timeline or ""),
            "volume": image.data_dir,
            "bin": image.bin_dir or "",
        }
        found = scope.config_files(word, DIRECTORY, {"from": ("from.json", json.dumps(told, indent=2) + "\n")})
        secrets = {"pgbackrest.conf": self._configuration(image), **repository_files([self.repository])}
        return [
            *found,
            *(() if beside_backups else scope.config_files(word, "/etc/ha-patroni/scripts", programs(*_SCRIPTS))),
            *(
                File(path=f"{DIRECTORY}/{path}", source=scope.secret(f"{word}-from-{path.partition('.')[0]}", value))
                for path, value in secrets.items()
            ),
        ]

    def _configuration(self, image: StoreImage) -> pulumi.Output[str]:
        options, held = repository_options(1, self.repository, DIRECTORY)
        text = [
            "[global]",
            "archive-async=y",
            f"spool-path={image.data_dir}/pgbackrest",
            "lock-path=/tmp/pgbackrest",
            "log-level-file=off",
            *options,
        ]
        stanza = [f"[{self.settings.database}]", f"pg1-path={image.data_dir}/pgdata"]
        return configuration(text, held, stanza)
