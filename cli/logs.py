"""Lines of several replicas as one text."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cli.errors import CommandError
from cli.progress import warn

LINES = 100
"""Of each replica, where no time is given."""
RECENT_SECONDS = 30.0
"""How long to wait for hosts that may be lost."""


@dataclass(frozen=True)
class Line:
    """`time` is RFC 3339 in UTC, as both orchestrators write it."""

    time: str
    replica: str
    text: str

    def __str__(self) -> str:
        return f"{self.time[11:19]} {self.replica} | {self.text}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which lines: the newest `LINES` of each replica, or those of the last seconds; and what comes after them."""

    since_seconds: int | None = None
    follow: bool = False

    @property
    def tail(self) -> int | None:
        """None: all."""
        return LINES if self.since_seconds is None else None


Source = Callable[[Callable[[Line], None]], None]
"""Gives every line of some replicas to its argument, and returns after the last."""


def show(sources: Sequence[Source], asked: Asked) -> None:
    """Print the lines: those of the past in the order of their times, later ones as they come.

    Raises CommandError of a source after the others' lines.
    """
    ended: queue.SimpleQueue[CommandError | None] = queue.SimpleQueue()
    lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
    for source in sources:
        threading.Thread(target=_run, args=(source, lines, ended), daemon=True).start()
    if asked.follow:
        _follow(lines, ended, len(sources))
    else:
        _recent(lines, ended, len(sources))


def _run(source: Source, lines: "queue.SimpleQueue[Line]", ended: "queue.SimpleQueue[CommandError | None]") -> None:
    fault = None
    try:
        source(lines.put)
    except CommandError as error:
        fault = error
    finally:
        ended.put(fault)


def _recent(lines: "queue.SimpleQueue[Line]", ended: "queue.SimpleQueue[CommandError | None]", count: int) -> None:
    deadline = time.monotonic() + RECENT_SECONDS
    faults, missing = [], count
    while missing and (left := deadline - time.monotonic()) > 0:
        try:
            fault = ended.get(timeout=left)
        except queue.Empty:
            break
        missing -= 1
        if fault:
            faults.append(fault)
    for line in sorted((lines.get() for _ in range(lines.qsize())), key=lambda line: line.time):
        print(line)
    if missing:
        warn(f"logs: some hosts did not answer within {RECENT_SECONDS:g} s; their lines are missing")
    if faults:
        raise faults[0]


def _follow(lines: "queue.SimpleQueue[Line]", ended: "queue.SimpleQueue[CommandError | None]", count: int) -> None:
    while count or not lines.empty():
        try:
            print(lines.get(timeout=0.5), flush=True)
        except queue.Empty:
            while not ended.empty():
                count -= 1
                if fault := ended.get():
                    raise fault from None
