"""Which copy a person means."""

from collections.abc import Sequence
from datetime import UTC, datetime

from .copies_repository import Copy, Failed, is_label


def chosen(to: str, copies: Sequence[Copy]) -> Copy:
    """The copy of this name, the last one before a time, or the `latest`. Raises Failed with what there is. One that
    failed its trial has to be named: whether an older one will do is for a person to say."""
    if not copies:
        raise Failed("there is no copy to restore")
    if not to:
        raise Failed(f"TO is missing; {there(copies)}")
    found = _meant(to, copies)
    if found.failed and found.label != to:
        raise Failed(f"{found.label} cannot be restored: {found.failed}; {older(found, copies)}")
    return found


def _meant(to: str, copies: Sequence[Copy]) -> Copy:
    if to == "latest":
        return copies[-1]
    if is_label(to):
        if same := [one for one in copies if one.label == to]:
            return same[0]
        raise Failed(f"TO={to} is none of the copies; {there(copies)}")
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        raise Failed(f"TO={to} is neither a time, a copy's name nor `latest`; {there(copies)}") from None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    before = [one for one in copies if one.ended <= at]
    if not before:
        raise Failed(f"TO={to} is before the first copy; {there(copies)}")
    return before[-1]


def older(broken: Copy, copies: Sequence[Copy]) -> str:
    """What to write in place of one that cannot be restored."""
    sound = [one for one in copies if one.label < broken.label and not one.failed]
    if not sound:
        return "there is no older one"
    return f"the one before it is TO={sound[-1].label} ({utc(sound[-1].ended)})"


def there(copies: Sequence[Copy]) -> str:
    """What can be restored."""
    names = [f"{one.label}{' (verified)' if one.verified else ''}" for one in copies if not one.failed]
    return f"there is {', '.join(names[-5:]) or 'none that did not fail its trial'}"


def utc(at: float) -> str:
    """For people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
