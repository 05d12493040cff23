"""One at a time: two shells that bring a sandbox up or down must not meet."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold the lock on `directory` (made if missing), which may be removed meanwhile: no lock file is left behind."""
    while True:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is(descriptor, directory):
                yield
                return
        finally:
            os.close(descriptor)


def _is(descriptor: int, directory: Path) -> bool:
    """Whether the directory was not replaced or removed while we waited for the lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), directory.stat())
    except FileNotFoundError:
        return False
