"""What a command is at: one line when a step has ended, with its duration; on a terminal also while it runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_console = Console(highlight=False, soft_wrap=True, emoji=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def say(text: str, style: str = "") -> None:
    """One line on standard output, at once."""
    _console.print(text, style=style or None, markup=False)
    _console.file.flush()


def warn(text: str) -> None:
    """One line on standard error."""
    _errors.print(text, style="yellow", markup=False)


def fail(text: str) -> None:
    """The sentence that says why the command ends."""
    _errors.print(text, style="red", markup=False)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say `text` with the seconds that the block took, once it has ended without an error."""
    started = time.monotonic()
    if _console.is_terminal:
        with _console.status(text):
            yield
    else:
        yield
    say(f"{text} ({time.monotonic() - started:.1f} s)")
