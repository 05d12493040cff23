"""A minimum by the clock: more replicas at hours at which load is known to come."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from components.app_tier.schedule_settings import TimeZone
from components.schedule import ByTheClock
from model import ScalingWindow, clock
from settings.base import Settings

WindowName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]
"""The name of a schedule, as previews say it."""

_FROM = 1_767_225_600.0
"""2026 began: where windows are looked at. Their times come again and again."""
_LOOKED_AT = 60
"""Two months of days, or a year of weeks, with the days on which the clock is changed."""


class ScalingScheduleSettings(Settings):
    """At least so many replicas from one time to another."""

    starts: ByTheClock
    """When it begins, as cron writes it: `0 7 * * 1-5` is seven o'clock from Monday to Friday."""
    ends: ByTheClock
    """When it ends: `0 20 * * 1-5`. Each start has its end before the next start."""
    time_zone: TimeZone = "UTC"
    """The zone of both."""
    min: int = Field(ge=2, le=1000, strict=True)
    """Fewest replicas meanwhile: more than `scaling.min`, which holds at all other times."""

    @model_validator(mode="after")
    def _each_start_has_an_end(self) -> "ScalingScheduleSettings":
        starts, ends = (clock.parse(text, self.time_zone) for text in (self.starts, self.ends))
        at = starts.following(_FROM)
        for _ in range(_LOOKED_AT):
            end, following = (None, None) if at is None else (ends.following(at), starts.following(at))
            if at is None or end is None or following is None:
                raise ValueError("a time of `starts` or `ends` never comes")
            if end >= following:
                raise ValueError(
                    f"starts again ({self.starts}) before it ends ({self.ends}): give each start an end of its own, "
                    "after it and before the next start; for a whole week write one day each"
                )
            at = following
        return self

    def window(self) -> ScalingWindow:
        """The neutral word."""
        return ScalingWindow(starts=self.starts, ends=self.ends, zone=self.time_zone, min_replicas=self.min)
