"""How a write proxy finds the member that takes writes."""

from dataclasses import dataclass

from guarantees.timer import Timer


@dataclass(frozen=True, kw_only=True)
class Following:
    """`check` is the longest time until a new primary is asked and found; `name` until a container that has another
    address than before is asked there."""

    check: Timer
    name: Timer


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """A pooler between clients and a write proxy: `login` is how long it waits after a login that failed, `connect`
    how long for a proxy that is gone, and `pause` how long for transactions to end before a planned change (0: not)."""

    login: Timer
    connect: Timer
    pause: Timer
