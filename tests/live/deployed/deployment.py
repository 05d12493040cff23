"""A stack under the sandbox engine, as a person runs it: the command, its exit code and what it printed."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.stacks.fixtures import REPOSITORY

PASSPHRASE = "only-for-this-test-run"
UP_SECONDS = 900
Settings = dict[str, Any]
Change = Callable[[Settings], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command of the engine."""

    code: int
    text: str


@dataclass(frozen=True)
class Following:
    """A command at work, and what it has printed so far."""

    process: "subprocess.Popen[bytes]"
    written: Path

    def runs(self) -> bool:
        return self.process.poll() is None

    def code(self) -> int:
        return self.process.wait(UP_SECONDS)

    def text(self) -> str:
        return self.written.read_text(errors="replace")


class Deployment:
    """The stack `name` with `settings`, which tests change; state and stack file are under `directory`."""

    def __init__(self, name: str, settings: Settings, *, environment: Mapping[str, str], directory: Path) -> None:
        self.name = name
        self.settings = settings
        self._file = directory / f"Pulumi.{name}.yaml"
        self._environment = {
            **os.environ,
            **environment,
            "HA_STATE": str(directory / "state"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        }
        self.state_directory = directory / "state"

    def give_secret(self, key: str, value: str) -> None:
        """As `make secret` does."""
        self._write()
        run = self._engine("config", "set", "--secret", "--path", f"ha-platform:secrets.{key}", text=value)
        assert run.code == 0, run.text

    def up(self, change: Change | None = None, *, policies: bool = False) -> Run:
        """Apply the settings, with a change that stays."""
        if change:
            change(self.settings)
        self._write()
        return self._engine("up", *(["--policy-pack", "policies"] if policies else []))

    def up_ok(self, change: Change | None = None, *, policies: bool = False) -> str:
        """The same; it must succeed."""
        run = self.up(change, policies=policies)
        assert run.code == 0, f"up failed:\n{run.text}"
        return run.text

    def previewed(self, change: Change) -> dict[str, str]:
        """What a change would do: name -> operation, for everything that is not the same. The change does not stay."""
        with self.trial(change):
            self._write()
            run = self._engine("preview", "--json")
        assert run.code == 0, run.text
        steps = json.loads(run.text[run.text.index("{") :])["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps if step["op"] != "same"}

    def preview(self, change: Change) -> Run:
        """What a preview of a change says to a person. The change does not stay."""
        with self.trial(change):
            self._write()
            return self._engine("preview")

    @contextmanager
    def trial(self, change: Change) -> Iterator[None]:
        """The settings with a change, and as before afterwards (the deployed stack is not touched)."""
        before = copy.deepcopy(self.settings)
        change(self.settings)
        try:
            yield
        finally:
            self.settings = before

    def exported(self) -> str:
        """The state as text, as it is at rest."""
        return self._engine("export").text

    def command(self, verb: str, *arguments: str, **environment: str) -> Run:
        """One of the project's commands on the stack, on hosts of a person's own."""
        self._write()
        line = [sys.executable, "-m", "cli", verb, self.name, *arguments]
        return _run(line, {**self._environment, "ENGINE": "sandbox", "STACK_FILE": str(self._file), **environment})

    @contextmanager
    def following(self, verb: str, *arguments: str) -> Iterator["Following"]:
        """A command that runs meanwhile; it is ended afterwards."""
        self._write()
        line = [sys.executable, "-u", "-m", "cli", verb, self.name, *arguments]
        environment = {**self._environment, "ENGINE": "sandbox", "STACK_FILE": str(self._file)}
        written = self._file.with_name(f"{verb}.log")
        with written.open("w") as file:
            process = subprocess.Popen(line, cwd=REPOSITORY, env=environment, stdout=file, stderr=file)
        try:
            yield Following(process, written)
        finally:
            process.kill()
            process.wait()

    def destroy(self) -> Run:
        """Remove every resource."""
        self._write()
        return self._engine("destroy")

    def _write(self) -> None:
        """Write the settings, keeping the secrets that were given."""
        document = yaml.safe_load(self._file.read_text()) if self._file.exists() else {"config": {}}
        document["config"]["ha-platform:stack"] = copy.deepcopy(self.settings)
        self._file.write_text(yaml.safe_dump(document, sort_keys=False))

    def _engine(self, command: str, *arguments: str, text: str | None = None) -> Run:
        line = [sys.executable, "-m", "sandbox.engine", command, *arguments]
        return _run([*line, "--stack", self.name, "--stack-file", str(self._file)], self._environment, text)


def _run(line: list[str], environment: Mapping[str, str], text: str | None = None) -> Run:
    done = subprocess.run(
        line,
        cwd=REPOSITORY,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    return Run(code=done.returncode, text=done.stdout + done.stderr)
