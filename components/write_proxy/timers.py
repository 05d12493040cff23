"""The write proxy's times, as its configuration has them."""

from dataclasses import asdict, dataclass

from guarantees.proxy import Following
from guarantees.timer import Timer
from settings.types import duration_text


@dataclass(frozen=True, kw_only=True)
class ProxyTimers:
    """Milliseconds. A member that passes is asked every `interval`, one that fails every `down`, one that changes
    every `fast`. A name's address is kept for `hold`, and asked for again after `resolve`."""

    interval: int = 1_000
    fast: int = 500
    down: int = 500
    check: int = 1_000
    connect: int = 2_000
    hold: int = 1_000
    resolve: int = 1_000
    resolve_again: int = 500
    hard_stop: int = 10_000

    def texts(self) -> dict[str, str]:
        """As HAProxy writes them."""
        return {name: duration_text(millis) for name, millis in asdict(self).items()}


TIMERS = ProxyTimers()
FALL = 2
"""Failed checks in a row that take a member out."""
RISE = 1
"""Passed checks in a row that bring it back."""


def following(*, stable_addresses: bool) -> Following:
    """How long the proxies need to find a new primary. They ask all members, also those that fail."""
    return Following(
        check=Timer(
            name="proxy's check",
            millis=RISE * TIMERS.down,
            source=f"`downinter` of the write proxy, {RISE} passed check",
        ),
        name=Timer(
            name="new address",
            millis=0 if stable_addresses else TIMERS.hold + TIMERS.resolve,
            source="`hold` and `timeout resolve` of the write proxy",
        ),
    )
