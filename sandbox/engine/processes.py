"""Child processes that end with the engine, also when it is killed."""

from __future__ import annotations

import shutil


def bound(command: list[str]) -> list[str]:
    """`command` started so that the kernel ends it when this process dies (Linux with util-linux); elsewhere as it is.
    To be started from the main thread: the kernel watches the thread that starts it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else command
