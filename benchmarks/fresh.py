"""`make up` in a fresh clone: with empty caches, with full ones, and with nothing to do. Needs root and registries."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from cli.stack_file import REPOSITORY

STEPS = (("cold", "up"), ("again", "up"), ("down", "down"), ("warm", "up"), ("down of warm", "down"))
"""Warm: `.venv`, images and packages are there, and no host."""


def fresh() -> dict[str, float]:
    """Seconds of wall clock by step. Raises SystemExit with what a failing command said."""
    taken = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone, home = Path(temporary) / "clone", Path(temporary) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
        environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "ENGINE": "sandbox"}
        for name, target in STEPS:
            started = time.monotonic()
            done = subprocess.run(
                ["make", target], cwd=clone, env=environment, capture_output=True, text=True, check=False
            )
            taken[name] = time.monotonic() - started
            if done.returncode != 0:
                subprocess.run(["make", "down"], cwd=clone, env=environment, capture_output=True, check=False)
                raise SystemExit(f"bench: `make {target}` ({name}) failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return taken
