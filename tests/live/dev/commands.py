"""The project's commands as a person runs them: a process, its exit code and what it printed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from drills.commands import Run, ended, inherited
from tests.stacks.fixtures import REPOSITORY


@dataclass(frozen=True)
class Commands:
    """Commands with their state in a directory of the test."""

    state: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**inherited(), "ENGINE": "sandbox", "HA_STATE": str(self.state), **self.more}

    def make(self, target: str, **variables: str) -> Run:
        """`make target NAME=value ...`"""
        return self._run(["make", "--no-print-directory", target, *(f"{k}={v}" for k, v in variables.items())])

    def cli(self, *arguments: str, stack_file: Path | None = None, text: str | None = None) -> Run:
        """What the Makefile calls."""
        return self._run([sys.executable, "-m", "cli", *arguments], stack_file=stack_file, text=text)

    def engine(self, *arguments: str, **environment: str) -> Run:
        """The sandbox engine on the same state."""
        given = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(self.state / "passphrase"), **environment}
        return self._run([sys.executable, "-m", "sandbox.engine", *arguments], more=given)

    def kill(self, *arguments: str, after: float, stack_file: Path) -> bool:
        """SIGKILL the whole process group of a command after some seconds; False when it had ended by then."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            cwd=REPOSITORY,
            env={**self.environment, "STACK_FILE": str(stack_file)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
            return False
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def _run(
        self,
        line: list[str],
        *,
        stack_file: Path | None = None,
        text: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Run:
        environment = {**self.environment, **(more or {})}
        if stack_file:
            environment["STACK_FILE"] = str(stack_file)
        return ended(line, environment, text=text or "")


def processes_of(state: Path) -> list[int]:
    """Python processes outside the sandbox's hosts that were started for commands with this state directory."""
    mark, python, outside = (
        f"HA_STATE={state}\0".encode(),
        Path(sys.executable).resolve(),
        os.readlink("/proc/self/ns/pid"),
    )
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                ours = (entry / "exe").resolve() == python and os.readlink(entry / "ns/pid") == outside
                if ours and mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found
