"""The settings of a store's copies."""

from pydantic import Field, model_validator

from components.schedule import ByTheClock
from model.clock import parse
from settings.base import Settings
from settings.types import Name, Seconds, duration_text


class CopiesSettings(Settings):
    """Copies of the whole store by the clock. Each is read back from the repository and verified at once."""

    repository: Name
    """Where they are kept, encrypted: a name of `repositories`."""
    schedule: ByTheClock = "30 2 * * *"
    """When a copy is due, in UTC: `30 2 * * *` is each day at 02:30. The first is taken at once, and one that was
    missed is made up for."""
    keep: int = Field(default=14, ge=2, le=1000, strict=True)
    """Verified copies that are kept. Older ones are removed when a new one is verified, never before: one
    that failed counts for nothing."""
    deadline: Seconds = Field(default=3600, ge=60, le=24 * 3600)
    """A copy and its verification are ended after this time, and one that is not complete so long after it was due is
    an alert."""

    @model_validator(mode="after")
    def _does_not_overlap(self) -> "CopiesSettings":
        if (gap := parse(self.schedule).shortest()) <= self.deadline:
            raise ValueError(
                f"`schedule` ({self.schedule}) is due every {duration_text(int(gap) * 1000)}, and may take a "
                f"`deadline` of {duration_text(self.deadline * 1000)}: make it less often, or the deadline shorter"
            )
        return self
