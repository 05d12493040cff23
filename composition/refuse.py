"""Ends the program with a report, before anything is registered."""

import os
import sys
from typing import NoReturn

import pulumi

REPORTED = 32
"""The exit code by which Pulumi's Python host knows that the program has told its user what is wrong."""


def refuse(stopped: Exception) -> NoReturn:
    """Report what stopped the program as an error, and end the process at once.

    An exception would not do: the SDK queues registrations while the program runs, and sends what is queued even when
    the program then raises. What is printed alone would be no error to the engine, but a line of output.
    """
    pulumi.log.error(str(stopped))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(REPORTED)
