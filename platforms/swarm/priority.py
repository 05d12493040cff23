"""Priorities: not on Swarm."""

from collections.abc import Iterator

from model import Priority
from platforms.base import Refused


def refusals(priority: Priority) -> Iterator[Refused]:
    """Its scheduler takes tasks as they come, and never stops one for another."""
    if priority != "normal":
        yield Refused(
            "priority",
            priority,
            "Swarm stops no task for another one; leave it out, and keep room: `resources` are reserved, and "
            "`placement.labels` keep hosts free",
        )
