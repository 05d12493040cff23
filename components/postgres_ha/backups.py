"""What the members have for backups: pgBackRest's configuration, the agent that keeps the clock, and its password."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.contracts import BackupRepository
from components.pgbackrest import configuration, outside, repository_files, repository_options, shared
from components.postgres_ha.backup_settings import BackupSettings
from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from components.store_image import StoreImage
from model import File, Outside, Port, SharedMount
from model.units import MIB

_FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-patroni/backups"
CONFIG = f"{DIRECTORY}/pgbackrest.conf"
PORT = 8010
PUSH_SECONDS = 10
"""The server's archiver is not held longer: while it waits, a stop of the server waits too."""
START = (
    "{ while :; do PYTHONPATH=/etc/ha-patroni python3 -m scripts.backup_agent "
    f"{DIRECTORY}; sleep 5; done 9>&- & }} && "
)
"""In the command of a member, before what it runs: an agent that ended starts again."""
SCRIPTS = (
    "agent",
    "bootstrap",
    "clock",
    "door",
    "history",
    "log",
    "metrics",
    "repository",
    "restore",
    "target",
    "verdicts",
)


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Of one cluster."""

    settings: BackupSettings
    repositories: Sequence[BackupRepository]
    password: pulumi.Output[str]
    """Of the agents, for those who order something of them."""

    def files(self, scope: Scope, word: str, cluster: str, settings: PostgresSettings, image: StoreImage) -> list[File]:
        """Everything in `DIRECTORY`."""
        told = {
            "stanza": cluster,
            "repositories": list(self.settings.repositories),
            "full": self.settings.full,
            "incremental": self.settings.incremental,
            "drills": self.settings.verify is not None,
            "verify": self.settings.verify.schedule if self.settings.verify else None,
            "archive_timeout": self.settings.archive_timeout,
            "volume": image.data_dir,
            "bin": image.bin_dir or "",
            "socket": "/tmp",
            "listen": "0.0.0.0",
            "port": PORT,
        }
        texts = {"backups-agent": ("agent.json", json.dumps(told, indent=2) + "\n")}
        return [
            *scope.config_files(word, DIRECTORY, texts),
            *scope.config_files(word, "/etc/ha-patroni/scripts", programs(*SCRIPTS, push=True)),
            *self.secret_files(scope, word, cluster, settings, image),
        ]

    def secret_files(
        self, scope: Scope, word: str, cluster: str, settings: PostgresSettings, image: StoreImage
    ) -> list[File]:
        """pgBackRest's configuration, and the agents' password, in `DIRECTORY`."""
        secrets: dict[str, pulumi.Input[str]] = {
            "pgbackrest.conf": self._configuration(cluster, settings, image),
            "password": self.password,
            **repository_files(self.repositories),
        }
        return [
            File(path=f"{DIRECTORY}/{path}", source=scope.secret(f"{word}-backups-{path.partition('.')[0]}", value))
            for path, value in secrets.items()
        ]

    @property
    def outside(self) -> tuple[Outside, ...]:
        """Where members connect to."""
        return outside(self.repositories)

    @property
    def shared(self) -> tuple[SharedMount, ...]:
        """What members mount."""
        return shared(self.repositories)

    @property
    def ports(self) -> tuple[Port, ...]:
        """What the agents listen on."""
        return (Port(name="backups", number=PORT),)

    def parameters(self, cluster: str, image: StoreImage) -> dict[str, object]:
        """Of the servers."""
        push = f"sh /etc/ha-patroni/scripts/archive_push.sh {cluster} {image.data_dir}/pgbackrest %p"
        return {
            "archive_mode": "on",
            "archive_command": push,
            "archive_timeout": self.settings.archive_timeout,
        }

    def _configuration(self, cluster: str, settings: PostgresSettings, image: StoreImage) -> pulumi.Output[str]:
        place = f"{image.data_dir}/pgbackrest"
        queue = self.settings.queue_bytes(settings.volume) // MIB
        text = [
            "[global]",
            "archive-async=y",
            f"archive-push-queue-max={queue}MiB",
            f"spool-path={place}",
            "lock-path=/tmp/pgbackrest",
            "log-level-file=off",
            "compress-type=lz4",
            "start-fast=y",
            "delta=y",
        ]
        held: dict[str, pulumi.Output[str]] = {}
        for number, repository in enumerate(self.repositories, start=1):
            options, secret = repository_options(number, repository, DIRECTORY)
            text += [*options, f"repo{number}-bundle=y", f"repo{number}-retention-full={self.settings.keep_full}"]
            held |= secret
        stanza = [
            f"[{cluster}]",
            f"pg1-path={image.data_dir}/pgdata",
            "pg1-socket-path=/tmp",
            "pg1-user=postgres",
            "[global:archive-push]",
            f"archive-timeout={PUSH_SECONDS}",
        ]
        return configuration(text, held, stanza)


def programs(*names: str, push: bool = False) -> dict[str, tuple[str, str]]:
    """What `Scope.config_files` takes, for the folder of the scripts."""
    files = [*(f"backup_{name}.py" for name in names), *(("archive_push.sh",) if push else ())]
    return {name.partition(".")[0].replace("_", "-"): (name, (_FILES / name).read_text()) for name in files}
