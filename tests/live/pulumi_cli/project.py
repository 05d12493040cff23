"""A Pulumi project of a test's own around the program, and the CLI in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.pulumi.stand_ins.environment import stand_in_environment
from tests.live.dev.commands import NOT_INHERITED, Run
from tests.stacks.fixtures import REPOSITORY

STACK = "trial"
PASSPHRASE = "a passphrase"
SECONDS = 300


@dataclass(frozen=True)
class Project:
    """`directory` holds the project and the stack file: the CLI writes a salt into the latter."""

    pulumi: Path
    directory: Path
    target: Mapping[str, str]
    """The variable that names the host, DOCKER_HOST or KUBECONFIG, with its value; empty: there is none."""
    program: Path = REPOSITORY
    name: str = "ha-platform"
    stack: str = STACK

    def __post_init__(self) -> None:
        (self.directory / "backend").mkdir(parents=True, exist_ok=True)
        main = os.path.relpath(self.program, self.directory)
        (self.directory / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\nmain: {main}\n")

    @property
    def stack_file(self) -> Path:
        return self.directory / f"Pulumi.{self.stack}.yaml"

    def run(self, *arguments: str, text: str = "", **environment: str) -> Run:
        """`pulumi ARGUMENTS`, without a terminal."""
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        given = {
            **kept,
            **stand_in_environment(*self.target.values()),
            **self.target,
            "PULUMI_BACKEND_URL": (self.directory / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "NO_COLOR": "1",
            **environment,
        }
        done = subprocess.run(
            [str(self.pulumi), "--non-interactive", "--stack", self.stack, *arguments],
            cwd=self.directory,
            env=given,
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Run(code=done.returncode, out=done.stdout, err=done.stderr)

    def exported(self) -> dict[str, Any]:
        """The state."""
        run = self.run("stack", "export")
        assert run.code == 0, run.text
        state: dict[str, Any] = json.loads(run.out)
        return state
