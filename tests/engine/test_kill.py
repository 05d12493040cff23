"""An update killed at any moment: the next one converges and nothing is orphaned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.kill_driver import KILLS

pytestmark = pytest.mark.live

_ROOT = Path(__file__).resolve().parents[2]


def test_killed_at_ten_random_moments_the_next_update_converges(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.engine.kill_driver", str(tmp_path), "20"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["faults"] == []
    assert result["killed"] == KILLS
    # Some of them must have hit an operation at work.
    assert result["inside_an_operation"] >= 1
