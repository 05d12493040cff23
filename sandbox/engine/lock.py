"""One run at a time on a state."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.engine.errors import EngineError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path`. Raises EngineError naming the process that holds it. The kernel gives the lock back
    when its holder dies, so that a stale one is simply taken over."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "unknown"
            raise EngineError(
                f"{path}: another run (process {holder}) holds the state: wait for it to end, or stop it"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.seek(0)
        file.truncate()
