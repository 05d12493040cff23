"""What the servers of a live test that failed wrote meanwhile: they write `*.log` below the session's directory."""

from collections.abc import Iterator
from pathlib import Path

LINES = 60
"""Of each file: its end."""


def written_since(directory: Path, when: float) -> Iterator[tuple[str, str]]:
    """Path below `directory` -> the end, of each log that was written after `when` (seconds since the epoch)."""
    for path in sorted(directory.rglob("*.log")):
        if path.is_file() and path.stat().st_mtime >= when:
            lines = path.read_text(errors="replace").splitlines()[-LINES:]
            yield str(path.relative_to(directory)), "\n".join(lines)
