"""Whether a restart of the worker would help: a file that is written while its loop turns.

While there is no connection the loop stands still, and a thread writes in its place: a broker that is down restarts no
worker. A worker that has never consumed has no file.
"""

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FILE = Path(tempfile.gettempdir(), "ha-celery-beat")
EVERY_SECONDS = 5
LATE_SECONDS = 60
"""A loop that stood still for so long hangs: no step of it takes seconds."""


class Beat:
    """Of one worker."""

    def __init__(self) -> None:
        self._connected = False
        self._turned = 0.0
        self._thread = threading.Thread(target=self._write, daemon=True)

    def begin(self) -> None:
        """The worker consumes."""
        self._connected = True
        self.turn()
        if not self._thread.is_alive():
            self._thread.start()

    def turn(self) -> None:
        """Said by the loop, every few seconds."""
        self._turned = time.monotonic()

    def end(self) -> None:
        """The connection is gone, or the worker stops."""
        self._connected = False

    def _write(self) -> None:
        while True:
            if not self._connected or time.monotonic() - self._turned < LATE_SECONDS:
                FILE.touch()
            time.sleep(EVERY_SECONDS)


def main(_: Any) -> int:
    """The check, as the exit code of a command."""
    try:
        age = time.time() - FILE.stat().st_mtime
    except FileNotFoundError:
        print("the worker has not consumed yet")
        return 1
    if age > LATE_SECONDS:
        print(f"the worker's loop has stood still for {age:.0f} s")
        return 1
    return 0
