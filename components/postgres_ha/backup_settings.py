"""The settings of a cluster's backups."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from components.schedule import ByTheClock
from components.sizes import ResourcesSettings
from model.clock import parse
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, Name, Seconds, duration_text, size_text

if TYPE_CHECKING:
    from components.postgres_ha.settings import PostgresSettings


def _named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("each repository is named once")
    return names


_VERIFY_MEMORY = 256 * 2**20
"""Shared buffers of 64 MiB, the server's processes, and pgBackRest while it copies."""


class VerifySettings(Settings):
    """The restore drill: a backup is restored by the clock, into a server that nobody else reaches, and looked at."""

    schedule: ByTheClock | None = None
    """When the newest backup of each repository is verified, in UTC: `0 6 * * 0` is Sunday at 06:00; the first at once,
    and one that was missed is made up for. Default: each full backup, when it is complete."""
    deadline: Seconds = Field(default=12 * 3600, ge=600, le=7 * 24 * 3600)
    """A drill is ended after this time, and a backup that is not verified so long after it was due is an alert."""
    volume: MemoryBytes | None = Field(default=None, ge=2**30)
    """Size of the volume that it restores into: room for the data, the log since the backup, and 512Mi. Where there is
    less, no drill begins. Default: the database's `volume`."""
    host: Hostname | None = None
    """Swarm: the host that it runs on. Default: the first of `platform.nodes`."""
    resources: ResourcesSettings | None = None
    """CPU and memory; default 50m to 1 core, and 128Mi to 512Mi."""

    @model_validator(mode="after")
    def _fits(self) -> "VerifySettings":
        if self.schedule and (gap := parse(self.schedule).shortest()) <= self.deadline:
            raise ValueError(
                f"`schedule` ({self.schedule}) is due every {duration_text(int(gap) * 1000)}, and may take a "
                f"`deadline` of {duration_text(self.deadline * 1000)}: make it less often, or the deadline shorter"
            )
        if self.resources is not None and self.resources.memory_limit < _VERIFY_MEMORY:
            raise ValueError(
                f"`resources.memory_limit` ({size_text(self.resources.memory_limit)}) is less than the server that is "
                f"restored needs: set {size_text(_VERIFY_MEMORY)} or more"
            )
        return self


class BackupSettings(Settings):
    """Backups by pgBackRest, and the archive of the log: with both the cluster can be restored to any moment that they
    cover."""

    repositories: Annotated[tuple[Name, ...], AfterValidator(_named_once)] = Field(min_length=1, max_length=4)
    """Where they are kept: names of `repositories`. Each gets every backup and the whole log."""
    full: ByTheClock = "0 2 * * 0"
    """When a full backup is due, in UTC: `0 2 * * 0` is Sunday at 02:00. One that was missed is made up for."""
    incremental: ByTheClock | None = "0 2 * * 1-6"
    """When a backup of what changed since the last one is due. `null`: none."""
    keep_full: int = Field(default=4, ge=2, le=1000, strict=True)
    """Full backups that are kept, with what builds on them and the log since the oldest; older ones are removed when a
    new one is complete. At least 2, so that there is an older one if the last cannot be read."""
    archive_timeout: Seconds = Field(default=60, ge=10, le=3600)
    """A file of the log is archived when it is full, or after this time if something was written: how much may be lost
    with all volumes."""
    queue: MemoryBytes | None = Field(default=None, ge=128 * 2**20)
    """How much of the log waits on the members' volumes while a repository is away. What is more is dropped, so that
    the primary goes on: no moment can be restored from then until the next backup, which is begun as soon as the
    repository answers. Default: an eighth of `volume`."""
    deadline: Seconds = Field(default=4 * 3600, ge=600, le=7 * 24 * 3600)
    """A backup that is not complete so long after it was due is an alert."""

    verify: VerifySettings | None = VerifySettings()
    """The restore drill. `null`: none, and whether a backup can be restored is known when it is needed."""

    @model_validator(mode="after")
    def _keeps_what_was_verified(self) -> "BackupSettings":
        """What was verified goes when `keep_full` newer ones are there, the first of which may be there at once."""
        if self.verify is None or self.verify.schedule is None:
            return self
        kept = (self.keep_full - 1) * parse(self.full).shortest()
        if (gap := parse(self.verify.schedule).longest()) > kept:
            raise ValueError(
                f"`verify.schedule` ({self.verify.schedule}) is due up to {duration_text(int(gap) * 1000)} later, and "
                f"`keep_full` ({self.keep_full}) removes what was verified after {duration_text(int(kept) * 1000)}: "
                "verify more often, or keep more"
            )
        return self

    @model_validator(mode="after")
    def _does_not_overlap(self) -> "BackupSettings":
        for key, text in (("full", self.full), ("incremental", self.incremental)):
            if text is not None and (gap := parse(text).shortest()) <= self.deadline:
                raise ValueError(
                    f"`{key}` ({text}) is due every {duration_text(int(gap) * 1000)}, and may take a `deadline` of "
                    f"{duration_text(self.deadline * 1000)}: make it less often, or the deadline shorter"
                )
        return self

    def queue_bytes(self, volume: int) -> int:
        """Of a volume of so many bytes."""
        return volume // 8 if self.queue is None else self.queue


def problems(settings: "PostgresSettings") -> Iterator[str]:
    """What does not fit the cluster."""
    backups = settings.backups
    if backups is not None and backups.queue_bytes(settings.volume) > settings.volume // 4:
        yield (
            f"`backups.queue` ({size_text(backups.queue_bytes(settings.volume))}) is more than a quarter of `volume` "
            f"({size_text(settings.volume)}), which has to hold the data and the log beside it: lower it"
        )
