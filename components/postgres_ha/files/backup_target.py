"""Until when a database is restored, as a person or a stack file says it."""

import re
from datetime import UTC, datetime
from typing import Any

LABEL = re.compile(r"\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?")
Json = dict[str, Any]


class Refused(Exception):
    """It cannot be done, and nothing was changed unless it says so: one sentence for a person."""


def moment_of(to: str) -> float | None:
    """Seconds since 1970 of a time, in UTC where it says no zone; None: a backup's name, or `latest`. Raises
    ValueError."""
    if to == "latest" or LABEL.fullmatch(to):
        return None
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        raise ValueError("is neither a time, a backup's name nor `latest`") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def chosen(to: str, timeline: str, backups: list[Json], now: float) -> Json:
    """What a member is told to restore. Raises Refused, with what there is."""
    if not backups:
        raise Refused("there is no backup to restore")
    if timeline and not timeline.isdigit():
        raise Refused(f"TIMELINE={timeline} is no number")
    if not to:
        raise Refused(f"TO is missing; {there(backups)}")
    try:
        at = moment_of(to)
    except ValueError as error:
        raise Refused(f"TO={to} {error}; {there(backups)}") from None
    if to == "latest":
        return {"timeline": timeline}
    if at is None:
        same = [one for one in backups if one["label"] == to]
        if not same:
            raise Refused(f"TO={to} is none of the backups; {there(backups)}")
        if same[0]["broken"]:
            raise Refused(f"TO={to} cannot be restored, a drill found: {same[0]['failed']}; {there(backups)}")
        return {"label": to, "timeline": timeline}
    if not min(one["ended"] for one in backups) <= at <= now:
        raise Refused(f"TO={to} is outside the archive; {there(backups)}")
    return {"time": utc(at, fraction=True), "timeline": timeline}


def there(backups: list[Json]) -> str:
    """What can be restored."""
    first = min(one["ended"] for one in backups)
    sound = [f"{one['label']}{' (verified)' if one['verified'] else ''}" for one in backups if not one["broken"]]
    names = ", ".join(sound[-5:]) or "none that a drill has not refused"
    return f"there is every moment from {utc(first)} until now (UTC), and the backups {names}"


def utc(at: float, *, fraction: bool = False) -> str:
    """`2026-01-31 10:12:00+00`, as PostgreSQL reads it too."""
    return datetime.fromtimestamp(at, UTC).strftime(f"%Y-%m-%d %H:%M:%S{'.%f' if fraction else ''}+00")
