"""Ends the program with a report, before anything is registered."""

import os
import sys
from typing import NoReturn

from settings.faults import BrokenStack

REPORTED = 32
"""The exit code by which Pulumi's Python host knows that the program has told its user what is wrong."""


def refuse(broken: BrokenStack) -> NoReturn:
    """Print the report and end the process at once.

    An exception would not do: the SDK queues registrations while the program runs, and sends what is queued even when
    the program then raises.
    """
    sys.stdout.flush()
    print(broken, file=sys.stderr, flush=True)
    os._exit(REPORTED)
