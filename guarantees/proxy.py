"""How a write proxy finds the member that takes writes."""

from dataclasses import dataclass

from guarantees.timer import Timer


@dataclass(frozen=True, kw_only=True)
class Following:
    """`check` is the longest time until a new primary is asked and found; `name` until a container that has another
    address than before is asked there."""

    check: Timer
    name: Timer
