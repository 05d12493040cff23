"""Which backup a restore needs: after a restore the log has branches, and a backup of one that was left leads nowhere.

pgBackRest takes the newest backup before the moment, on whatever timeline it was taken. PostgreSQL then refuses to
follow a timeline that does not come from it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from .backup_repository import Backup, Failed, Histories


def moment(text: str) -> float:
    """Seconds since 1970 of `2026-01-31 10:12:00.25+00`."""
    at = text.removesuffix("+00")
    form = "%Y-%m-%d %H:%M:%S.%f" if "." in at else "%Y-%m-%d %H:%M:%S"
    return datetime.strptime(at, form).replace(tzinfo=UTC).timestamp()


def leading(backups: Iterable[Backup], histories: Histories, *, timeline: int = 0, time: str = "") -> tuple[str, int]:
    """The newest backup from which `timeline` (0: the newest one) can be followed, and that timeline. `time`: it had
    ended by then. Raises Failed where there is none."""
    found = [*backups]
    follow = timeline or max([*histories, *(one.timeline for one in found)], default=1)
    left = histories.get(follow, {})
    latest = moment(time) if time else float("inf")
    fit = [
        one
        for one in found
        if one.ended <= latest
        and (one.timeline == follow or (one.timeline in left and one.position <= left[one.timeline]))
    ]
    if not fit:
        until = f" until {time}" if time else ""
        raise Failed(f"no backup leads to timeline {follow}{until}: there are {_shown(found)}")
    return max(fit, key=lambda one: one.ended).label, follow


def _shown(backups: Iterable[Backup]) -> str:
    return ", ".join(f"{one.label} on timeline {one.timeline}" for one in backups) or "none"
