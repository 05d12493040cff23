"""What a platform refuses, under the key that a user wrote.

A platform knows the fields of words. Which key became which field, each kind of component says.
"""

from collections.abc import Iterable, Mapping

from composition.kinds import KINDS
from platforms.base import Refusal
from settings.faults import Fault

KEYS: Mapping[str, Mapping[str, Mapping[str, str]]] = {kind.key: kind.keys for kind in KINDS}
"""Key of the stack -> place below one component -> field of its words -> key below the component."""


def refusal_faults(refusals: Iterable[Refusal]) -> list[Fault]:
    """The refusals as faults of the stack file. Words that come from one key and are refused alike are one fault."""
    return list(dict.fromkeys(map(_fault, refusals)))


def _fault(refusal: Refusal) -> Fault:
    origin = refusal.origin
    key = _key(KEYS.get(origin.key, {}).get(".".join(origin.below), {}), refusal.field)
    if key is None:
        return Fault(path=str(origin.part), rule=f"{refusal.field}: {refusal.reason}", got=refusal.got)
    return Fault(path=str(origin.part.at(key) if key else origin.part), rule=refusal.reason, got=refusal.got)


def _key(table: Mapping[str, str], field: str) -> str | None:
    """The key that became the field, or the field that it is in; None: the component's own choice."""
    while field and field not in table:
        field = field.rpartition(".")[0]
    return table[field] if field else None
