"""A file that is touched while a worker works, for a probe that has no port to ask."""

import os
import time
from pathlib import Path

MAX_AGE_SECONDS = 30.0
"""Three times the longest job (10 s): the heart beats between jobs."""


def beat() -> None:
    """The worker works."""
    _path().touch()


def check() -> str | None:
    """Why the worker does not work, or None."""
    path = _path()
    try:
        age = time.time() - path.stat().st_mtime
    except OSError as error:
        return f"no heartbeat: {path}: {error.strerror}"
    return (
        f"the last heartbeat is {age:.0f} s old, the limit {MAX_AGE_SECONDS:.0f} s" if age > MAX_AGE_SECONDS else None
    )


def _path() -> Path:
    return Path(os.environ.get("WORKER_HEARTBEAT_FILE", "/tmp/worker-heartbeat"))
