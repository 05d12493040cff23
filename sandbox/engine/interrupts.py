"""Ctrl-C: the first ends a run in order, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sandbox.engine.run import Run

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible(run: Run) -> Iterator[None]:
    """While inside, the first SIGINT or SIGTERM lets operations at work finish and begins nothing further; the second
    ends the process, and the state takes that as it takes a kill."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - fixed by signal
        if run.interrupted:
            os._exit(128 + number)
        run.interrupted = True
        run.reporter.message("warning", "interrupted: waiting for what is at work; once more ends at once")

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
