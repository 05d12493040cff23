"""A command as a person runs it: a process, its exit code and what it printed."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
COMMAND_SECONDS = 900
NOT_INHERITED = ("DOCKER_HOST", "KUBECONFIG", "HOST", "STACK", "STACK_FILE", "PULUMI_CONFIG_PASSPHRASE")
"""What a developer's shell may have set and would send the commands elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.out + self.err


def inherited() -> dict[str, str]:
    """This process's environment, without what a developer's shell may have set."""
    return {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}


def ended(
    line: Sequence[str],
    environment: Mapping[str, str],
    *,
    directory: Path = REPOSITORY,
    text: str = "",
    seconds: float = COMMAND_SECONDS,
) -> Run:
    """A command that is run to its end, without a terminal."""
    done = subprocess.run(
        line,
        cwd=directory,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Run(code=done.returncode, out=done.stdout, err=done.stderr)
