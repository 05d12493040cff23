"""The sandbox engine's command line, run on a state of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "program"


class SandboxEngine:
    """Runs one stack of `directory`; `environment` names the host or cluster and the image."""

    def __init__(self, directory: Path, state: Path, passphrase: str, environment: dict[str, str]) -> None:
        self.directory = directory
        self._environment = {
            **os.environ,
            "HA_STATE": str(state),
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
            **environment,
        }

    def run(self, command: str, stack: str, *arguments: str) -> str:
        """What the command printed. Fails with its output when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.engine", command, "-s", stack, "--cwd", str(self.directory), *arguments],
            cwd=REPOSITORY,
            env=self._environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"sandbox engine {command} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def registered(self, stack: str) -> dict[str, Any]:
        """By URN: what a preview registers."""
        steps = json.loads(self.run("preview", stack, "--json"))["steps"]
        return {step["urn"]: step["newState"] for step in steps}

    def export(self, stack: str) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self.run("export", stack))
        return exported
