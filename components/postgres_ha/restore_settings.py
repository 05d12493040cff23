"""The settings of a cluster that begins as another one was."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from components.postgres_ha.files import backup_target
from settings.base import Settings
from settings.types import Name


def _text(value: object) -> object:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value  # a time in YAML without quotes


def _until(text: str) -> str:
    try:
        backup_target.moment_of(text)
    except ValueError as error:
        raise ValueError(f"{error}: `2026-01-31 10:12:00`") from None
    return text


Until = Annotated[str, BeforeValidator(_text), AfterValidator(_until)]
"""A time, a backup's name or `latest`."""


class RestoreFromSettings(Settings):
    """Of which database of this stack it begins as a copy, from that one's backups. The other goes on undisturbed."""

    database: Name
    """A database of this stack with `backups`, whose `database` has the same name as here, and a volume no larger."""
    repository: Name
    """Which one is read: one of those that its `backups.repositories` names."""
    to: Until
    """Until when: a time (UTC unless it says a zone), a backup's name (`make backups`: its end), or `latest`: the end
    of the archive when this one starts for the first time."""
    timeline: int | None = Field(default=None, ge=1, strict=True)
    """The log's branch to follow, where the other one was restored in place since. Default: the newest."""

    def shown(self) -> str:
        """In one line."""
        return f"{self.database} at {self.to}" + (f" on timeline {self.timeline}" if self.timeline else "")
