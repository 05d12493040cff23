"""Programs on a PATH of a test's own."""

from pathlib import Path


def fake(path: Path, script: str) -> Path:
    """A program at `path` that runs `script`."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
