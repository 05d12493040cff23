"""The settings of an application's schedules."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.schedule import ByTheClock
from components.sizes import ResourcesSettings, Size
from model import clock
from settings.base import Settings
from settings.types import Command, Hostname, Seconds, duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.app_tier.settings import AppTierSettings


def _zone(name: str) -> str:
    clock.parse("0 0 * * *", name)
    return name


ScheduleName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,17}[a-z0-9])?$")]
"""A DNS label of at most 19 characters: what runs is named `<app>-<schedule>-clock`, and that has 50."""

TimeZone = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", max_length=64),
    AfterValidator(_zone),
]
"""The name of a time zone: `UTC`, `Europe/Berlin`."""


class ScheduleSettings(Settings):
    """A command that runs by the clock in the application's image, with its variables, files and secrets."""

    command: Command
    """Ends when its work is done; exit code 0 is success. Must be safe to run again: a host may be lost meanwhile."""
    at: ByTheClock
    """When it runs: minute, hour, day of the month, month, day of the week, as cron writes them; `30 3 * * 1-5` is half
    past three from Monday to Friday, `0 0 1 * 0` the first of a month and each Sunday."""
    time_zone: TimeZone = "UTC"
    """The zone of `at`. Where the clock is changed, a time that a day does not have is left out on that day, and one
    that it has twice is run twice. Another one than UTC needs its data in the image (`tzdata`)."""
    deadline: Seconds = Field(default=3600, ge=1, le=7 * 24 * 3600)
    """A run that lasts longer is ended with all its processes, and has failed. Shorter than the time from one run to
    the next."""
    start_within: Seconds = Field(default=600, ge=30, le=24 * 3600)
    """How late a run may begin, when its time came while nothing could run it. Later it is left out."""
    history: int = Field(default=3, ge=1, le=50, strict=True)
    """Runs that are remembered: so many that succeeded, and so many that failed."""
    size: Size | None = None
    """CPU and memory by preset; default: the application's."""
    resources: ResourcesSettings | None = None
    """Own CPU and memory, in place of `size`."""
    host: Hostname | None = None
    """Swarm: the host that it runs on. Default: the first of `platform.nodes`."""

    @model_validator(mode="after")
    def _consistent(self) -> "ScheduleSettings":
        if self.size is not None and self.resources is not None:
            raise ValueError("give `size` or `resources`, not both")
        if (gap := clock.parse(self.at, self.time_zone).shortest()) <= self.deadline:
            set_back = " where the clock is set back" if gap < clock.parse(self.at).shortest() else ""
            raise ValueError(
                f"`at` ({self.at}) is due every {duration_text(int(gap) * 1000)}{set_back}, and a run may take a "
                f"`deadline` of {duration_text(self.deadline * 1000)}, so that it would overlap the next: make it less "
                "often, or the deadline shorter"
            )
        return self


def problems(settings: "AppTierSettings") -> "Iterator[str]":
    """What does not fit the application."""
    if settings.schedules and settings.http_tool != "python":
        yield (
            f"`schedules` are kept by a program of python3 inside the image, and `http_tool` ({settings.http_tool}) "
            "says that it has none: use an image with python3 (3.9 or newer) and say `http_tool: python`"
        )
