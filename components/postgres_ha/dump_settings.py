"""The settings of logical dumps."""

from pydantic import Field, model_validator

from components.schedule import ByTheClock
from components.sizes import ResourcesSettings
from model import clock
from settings.base import Settings
from settings.types import Hostname, Name, Seconds, duration_text


class DumpSettings(Settings):
    """Logical dumps of every database of the cluster, by `pg_dump`: they can be restored in part, and into another
    version. They are no replacement for `backups`: what was written since the last dump is in none."""

    repository: Name
    """Where they are kept, encrypted as backups are: a name of `repositories`."""
    at: ByTheClock = "0 2 * * *"
    """When they are taken, in UTC: minute, hour, day of the month, month, day of the week (0 is Sunday)."""
    keep: int = Field(default=7, ge=1, le=1000, strict=True)
    """Dumps that are kept. Only one that was read again as a whole counts, and when it is there, older ones go."""
    deadline: Seconds = Field(default=4 * 3600, ge=60, le=7 * 24 * 3600)
    """A run, which dumps all databases and reads them again, is ended after this time, and has failed."""
    resources: ResourcesSettings | None = None
    """CPU and memory; default 50m to 1 core, and 64Mi to 256Mi."""
    host: Hostname | None = None
    """Swarm: the host that it runs on. Default: the first of `platform.nodes`."""

    @model_validator(mode="after")
    def _does_not_overlap(self) -> "DumpSettings":
        if (gap := clock.parse(self.at).shortest()) <= self.deadline:
            raise ValueError(
                f"`at` ({self.at}) is due every {duration_text(int(gap) * 1000)}, and may take a `deadline` of "
                f"{duration_text(self.deadline * 1000)}: make it less often, or the deadline shorter"
            )
        return self
