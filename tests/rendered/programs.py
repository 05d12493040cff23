"""Real programs that judge a file."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, settings

JUDGED = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Each example starts processes: shrinking would start thousands, and the text of a failure is small enough."""
POSTGRES = "/usr/lib/postgresql/15/bin/postgres"


def program(name: str, package: str) -> str:
    """Where it is. Without it a test is skipped by name, or fails where REQUIRE_LIVE=1."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed (apt-get install {package})"
        if os.environ.get("REQUIRE_LIVE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def passes(*command: str, cwd: Path | None = None) -> str:
    """What the program prints; it must succeed. PostgreSQL prints half a character where `%` stands before one in
    `log_line_prefix`."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
