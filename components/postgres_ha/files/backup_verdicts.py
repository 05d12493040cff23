"""What restore drills found. The verdict on a backup stands beside it in the repository, so it is lost only with it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .backup_clock import Clock
from .backup_repository import Backup

_SAID = 300
"""Characters of a reason that are kept."""


class Verdict(NamedTuple):
    """On one backup. `said` is why what was restored is not as it should be; "": it is. `broken`: the fault is in the
    backup's own files."""

    repository: str
    label: str
    said: str
    broken: bool
    at: float
    seconds: float
    """From the first byte that was restored until the server took queries."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Verdict":
        """As the drill tells it. Raises KeyError, TypeError, ValueError."""
        said = " ".join(str(told["said"]).split())[:_SAID]
        where = str(told["repository"]), str(told["label"])
        return cls(*where, said, bool(told["broken"]), float(told["at"]), float(told["seconds"]))

    def notes(self) -> dict[str, str]:
        """What is written beside the backup; an empty text takes away what was there."""
        if self.said:
            return {"verified": "", "verify-failed": f"{self.at:.0f} {'files' if self.broken else 'state'} {self.said}"}
        return {"verified": f"{self.at:.0f} {self.seconds:.0f}", "verify-failed": ""}


def failed_last(backups: Sequence[Backup]) -> str:
    """Why the newest backup that was judged failed; "" where it did not."""
    judged = [one for one in backups if one.verified or one.failed]
    return max(judged, key=lambda one: one.ended).failed if judged else ""


def due(backups: Sequence[Backup], clock: Clock | None, now: float) -> float:
    """Since when one of a repository's backups should be verified; 0: none is. Without a clock each full one should;
    with it the first backup of all, what is newest then, and a full one that was taken after one that failed."""
    if not backups:
        return 0.0
    verified = max(one.verified for one in backups)
    found: list[float] = []
    if clock is None or failed_last(backups):
        found = [one.ended for one in backups if one.kind == "full" and one.ended > verified]
    if clock is not None:
        first, at = min(one.ended for one in backups), clock.last(now) or 0.0
        found += [first] if not verified else [max(at, first)] if at > verified else []
    return float(min(found, default=0))
