"""A Pulumi project of a test's own around the program, and the CLI in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drills.commands import Run, ended, inherited
from drills.engine import PASSPHRASE
from sandbox.hosts.waiting import wait_until
from sandbox.pulumi.stand_ins.environment import stand_in_environment
from tests.live.summaries import keep_summary
from tests.stacks.fixtures import REPOSITORY

STACK = "trial"
SECONDS = 900
SECRET = "only-for-this-test-7f3a"
"""Given to stacks, and searched in what is printed."""
UNCHANGED = ("preview", "--diff", "--expect-no-changes")


def quiet(text: str) -> bool:
    """Without a traceback and without the secret."""
    return "Traceback" not in text and "KeyboardInterrupt" not in text and SECRET not in text


def with_pulumi(pulumi: Path, *target: str) -> dict[str, str]:
    """Variables with which commands find the CLI and the stand-ins."""
    stand_ins = stand_in_environment(*target)
    return {**stand_ins, "PATH": f"{pulumi.parent}{os.pathsep}{stand_ins['PATH']}"}


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

    @property
    def environment(self) -> dict[str, str]:
        """With the CLI and the stand-ins on PATH, for `pulumi` and for the commands of the project."""
        return {
            **inherited(),
            **with_pulumi(self.pulumi, *self.target.values()),
            **self.target,
            "PULUMI_BACKEND_URL": (self.directory / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "NO_COLOR": "1",
        }

    def init(self) -> None:
        """Make the stack."""
        run = self.run("stack", "init")
        assert run.code == 0, run.text

    def run(self, *arguments: str, text: str = "", **environment: str | None) -> Run:
        """`pulumi ARGUMENTS`, without a terminal. A variable that is None is not set."""
        return self._run([*self._pulumi, *arguments], self.directory, text, environment)

    def lines(self, text: str) -> Run:
        """Lines of a shell, in the project's directory; the last one's exit code."""
        answered = {"PULUMI_SKIP_CONFIRMATIONS": "true"}  # what a person says at a terminal
        return self._run(["bash", "-c", text], self.directory, "", answered)

    def make(self, verb: str) -> Run:
        """What `make VERB` runs, with the Pulumi CLI."""
        more = {"ENGINE": "pulumi", "STACK_FILE": str(self.stack_file), "HA_STATE": str(self.directory / "state")}
        return self._run([sys.executable, "-m", "cli", verb, self.stack], REPOSITORY, "", more)

    def stop(self, *arguments: str, when: Callable[[], object], by: signal.Signals = signal.SIGKILL) -> Run:
        """A signal to the process group of `pulumi ARGUMENTS` at the moment when something is there."""
        process = subprocess.Popen(
            [*self._pulumi, *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            wait_until(when, "the moment to stop it", SECONDS, every=0.02)
            assert process.poll() is None, "it had ended before"
            os.killpg(process.pid, by)
            out, err = process.communicate(timeout=SECONDS)
            return Run(code=process.returncode, out=out, err=err)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @property
    def _pulumi(self) -> list[str]:
        return [str(self.pulumi), "--non-interactive", "--stack", self.stack]

    def _run(self, line: list[str], directory: Path, text: str, more: Mapping[str, str | None]) -> Run:
        given, started = {**self.environment, **more}, time.monotonic()
        environment = {name: value for name, value in given.items() if value is not None}
        run = ended(line, environment, directory=directory, text=text, seconds=SECONDS)
        keep_summary(" ".join(line), run.out, time.monotonic() - started)
        return run

    def exported(self) -> dict[str, Any]:
        """The state."""
        run = self.run("stack", "export")
        assert run.code == 0, run.text
        state: dict[str, Any] = json.loads(run.out)
        return state
