"""One run of a command: a process group of its own, ended at its deadline."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import NamedTuple

SUCCEEDED, FAILED, OVER_DEADLINE, STOPPED, LOST = "succeeded", "failed", "over_deadline", "stopped", "lost"
RESULTS = (SUCCEEDED, FAILED, OVER_DEADLINE, STOPPED, LOST)
"""Its exit code was 0; another one; it was ended at its deadline; with its container; nobody knows."""
_SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH")


class Ended(NamedTuple):
    """How a run ended: its result, the command's exit code (negative: a signal) and its seconds."""

    result: str
    code: int
    seconds: float


class Runner:
    """Runs a command, as often as it is told to. An order to stop goes on to the command."""

    def __init__(self, command: Sequence[str], *, deadline: float, grace: float, stop_signal: str) -> None:
        self._command = list(command)
        self._deadline = deadline
        self._grace = grace
        self._signal = getattr(signal, stop_signal)
        self._running: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def listen(self) -> None:
        """Take orders to stop from now on: whichever signal the container gets."""
        for name in _SIGNALS:
            signal.signal(getattr(signal, name), self._stop)

    def run(self) -> Ended:
        """Whatever the command leaves behind, in files or processes, goes with the run."""
        place = tempfile.mkdtemp(prefix="run-")
        try:
            return self._run({**os.environ, "TMPDIR": place})
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _run(self, env: Mapping[str, str]) -> Ended:
        began = time.monotonic()
        try:
            running = subprocess.Popen(self._command, start_new_session=True, stdin=subprocess.DEVNULL, env=env)
        except OSError as error:
            print(f"schedule: the command did not start: {error}", flush=True)
            return Ended(FAILED, 127, 0.0)
        self._running = running
        if self.stopped:  # between the order and the command's start
            self._tell(self._signal)
        over = not self._ends_within(running, self._deadline)
        if over:
            self._tell(self._signal)
            self._ends_within(running, self._grace)
        self._tell(signal.SIGKILL)
        code, seconds = running.wait(), time.monotonic() - began
        self._running = None
        _reap()
        if self.stopped and code != 0:
            return Ended(STOPPED, code, seconds)
        return Ended(OVER_DEADLINE if over else FAILED if code else SUCCEEDED, code, seconds)

    def _ends_within(self, running: subprocess.Popen[bytes], seconds: float) -> bool:
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _tell(self, number: int) -> None:
        """The whole group, also when the command itself has ended."""
        assert self._running is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, number)

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.stopped = True
        if self._running is not None:
            self._tell(number)


def _reap() -> None:
    """Processes whose parents ended are those of process 1."""
    if os.getpid() == 1:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
