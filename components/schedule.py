"""Times by the clock, in a stack file."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from model.clock import parse


def _by_the_clock(text: str) -> str:
    parse(text).shortest()
    return " ".join(text.split())


ByTheClock = Annotated[str, StringConstraints(max_length=200), AfterValidator(_by_the_clock)]
"""Times as cron writes them: minute, hour, day of the month, month, day of the week (0 is Sunday)."""
