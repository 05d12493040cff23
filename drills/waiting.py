"""Waiting for a condition, with a deadline."""

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from sandbox.hosts.errors import HostError

T = TypeVar("T")


def wait_for(what: str, condition: Callable[[], T], *, seconds: float, every: float = 0.5) -> T:
    """The first true value of `condition`; fails with the last value, or the last error, after `seconds`.

    Errors of the network, of docker (an OSError, too) and of kubectl count as not yet, and so does a command that took
    too long. The last look begins after the deadline: what came about while this process did not run has come about.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    late = False
    while not late:
        late = time.monotonic() >= deadline
        try:
            value = condition()
        except (OSError, LookupError, ValueError, HostError, httpx.TransportError, subprocess.TimeoutExpired) as error:
            last = error
        else:
            if value:
                return value
            last = value
        if not late:
            time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds:.0f} s (last: {last!r})")
