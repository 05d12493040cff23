"""For what happens soon, but not at once."""

from collections.abc import Callable

from drills.waiting import wait_for


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
    """Raises AssertionError with `what` when `condition` is not true in time."""
    wait_for(what, condition, seconds=seconds, every=0.1)
