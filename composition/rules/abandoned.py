"""Data is given up for one change: what names it does not stay in the file and allow the next loss."""

from collections.abc import Iterator

from components.context import Context
from composition.kinds import KINDS, keepers
from model import ROOT
from settings.faults import Fault

_PATH = f"{ROOT}.abandon_data"


def abandoned_data_has_no_owner(context: Context) -> Iterator[Fault]:
    """A part that still keeps its data does not lose it."""
    kept = set(keepers(context.stack))
    for path in getattr(context.stack, "abandon_data", ()):
        if path in kept:
            yield Fault(
                path=_PATH,
                rule=f"{path} is in the stack and keeps its data; the entry would let it go with a later change",
                got=path,
                fix="Remove the entry.",
            )


def abandoned_data_is_of_a_kind(context: Context) -> Iterator[Fault]:
    """An entry that names nothing would not allow what somebody wants."""
    keys = [kind.key for kind in KINDS]
    for path in getattr(context.stack, "abandon_data", ()):
        if path.partition(".")[0] not in keys:
            yield Fault(
                path=_PATH,
                rule="names no part of a stack",
                got=path,
                fix=f"Write its path as it stood in the file: `databases.main`. Kinds: {', '.join(keys)}.",
            )


RULES = (abandoned_data_has_no_owner, abandoned_data_is_of_a_kind)
