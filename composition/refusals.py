"""What a platform refuses, under the key that a user wrote.

A platform knows the fields of words. Which key became which field, each kind of component says.
"""

from collections.abc import Iterable, Mapping

from composition.kinds import KINDS
from platforms.base import Refusal
from settings.faults import Fault

KEYS: Mapping[str, Mapping[str, Mapping[str, str]]] = {kind.key: kind.keys for kind in KINDS}
"""Key of the stack -> place below one component -> field of its words -> key below the component. A `*` in place and
key is the name of one of several."""


def refusal_faults(refusals: Iterable[Refusal]) -> list[Fault]:
    """The refusals as faults of the stack file. Words that come from one key and are refused alike are one fault."""
    return list(dict.fromkeys(map(_fault, refusals)))


def _fault(refusal: Refusal) -> Fault:
    origin = refusal.origin
    places = KEYS.get(origin.key, {})
    key = _key(places.get(".".join(origin.below)) or places.get(_any(origin.below), {}), refusal.field)
    if key is not None and "*" in key:
        key = key.replace("*", origin.below[-1])
    if key is None:
        return Fault(path=str(origin.part), rule=f"{refusal.field}: {refusal.reason}", got=refusal.got)
    return Fault(path=str(origin.part.at(key) if key else origin.part), rule=refusal.reason, got=refusal.got)


def _any(below: tuple[str, ...]) -> str:
    """The place of whatever is named in a map: `schedules.*`."""
    return ".".join((*below[:-1], "*"))


def _key(table: Mapping[str, str], field: str) -> str | None:
    """The key that became the field, or the field that it is in; None: the component's own choice."""
    while field and field not in table:
        field = field.rpartition(".")[0]
    return table[field] if field else None
