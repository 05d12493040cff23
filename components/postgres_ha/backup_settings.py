"""The settings of a cluster's backups."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from components.postgres_ha.files import backup_clock
from settings.base import Settings
from settings.types import MemoryBytes, Name, Seconds, duration_text, size_text

if TYPE_CHECKING:
    from components.postgres_ha.settings import PostgresSettings


def _by_the_clock(text: str) -> str:
    backup_clock.parse(text).shortest()
    return " ".join(text.split())


ByTheClock = Annotated[str, AfterValidator(_by_the_clock)]
"""Times in UTC, as cron writes them: minute, hour, day of the month, month, day of the week."""


def _named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("each repository is named once")
    return names


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

    @model_validator(mode="after")
    def _does_not_overlap(self) -> "BackupSettings":
        for key, text in (("full", self.full), ("incremental", self.incremental)):
            if text is not None and (gap := backup_clock.parse(text).shortest()) <= self.deadline:
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
