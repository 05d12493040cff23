"""What runs and was changed by hand since the last update, apart from what commits change."""

import subprocess
import sys
from pathlib import Path

SECONDS = 120
_DRIFTED = 2


def drifted(directory: Path, stack: str) -> tuple[str, ...] | str:
    """A line for each thing; where the state or the hosts are not at hand, why."""
    line = [sys.executable, "-m", "cli", "drift", stack]
    try:
        done = subprocess.run(line, cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} s"
    if done.returncode in (0, _DRIFTED):
        return tuple(done.stdout.splitlines())
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1].removeprefix("drift: ")
