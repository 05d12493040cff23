"""A stack under an engine, as a person runs it: the command, its exit code and what it printed."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drills.commands import REPOSITORY, Run, ended
from drills.engine import Engine

UP_SECONDS = 900
SECRETS = "ha-platform:secrets"
Settings = dict[str, Any]
Change = Callable[[Settings], None]


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
    """The stack `name` with `settings`, which tests change; the stack file and the engines' states are in `directory`.

    The first of `engines` has the stack.
    """

    def __init__(self, name: str, settings: Settings, engines: Sequence[Engine], directory: Path) -> None:
        self.name = name
        self.settings = settings
        self.engines = {engine.name: engine for engine in engines}
        self.engine = engines[0]
        self.said: list[str] = []
        """Everything that an engine printed."""
        self._file = directory / f"Pulumi.{name}.yaml"

    def init(self) -> None:
        """Make the stack, with nothing in it."""
        self._write()
        for engine in self.engines.values():
            run = engine.init()
            assert run.code == 0, run.text

    def give_secret(self, key: str, value: str) -> None:
        """As `make secret` does."""
        run = self._run("config", "set", "--secret", "--path", f"{SECRETS}.{key}", text=value)
        assert run.code == 0, run.text

    def given(self, key: str) -> bool:
        """Whether the secret was given."""
        return self._file.exists() and key in yaml.safe_load(self._file.read_text())["config"].get(SECRETS, {})

    def up(self, change: Change | None = None, *, policies: bool = False) -> Run:
        """Apply the settings, with a change that stays."""
        if change:
            change(self.settings)
        return self._run("up", *(["--policy-pack", str(REPOSITORY / "policies")] if policies else []))

    def up_ok(self, change: Change | None = None, *, policies: bool = False) -> str:
        """The same; it must succeed."""
        run = self.up(change, policies=policies)
        assert run.code == 0, f"up failed:\n{run.text}"
        return run.text

    def up_changes_nothing(self) -> None:
        """Apply the settings, which are in force."""
        run = self._run("up", "--expect-no-changes")
        assert run.code == 0, f"up changed something:\n{run.text}"

    def expect_no_changes(self) -> None:
        """An `up` would change nothing."""
        run = self._run("preview", "--expect-no-changes")
        assert run.code == 0, f"{self.engine.name}: a preview shows changes:\n{run.text}"

    def previewed(self, change: Change) -> dict[str, str]:
        """What a change would do: name -> operation, for everything that is not the same. The change does not stay."""
        with self.trial(change):
            run = self._run("preview", "--json")
        assert run.code == 0, run.text
        steps = json.loads(run.out)["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps if step["op"] != "same"}

    def preview(self, change: Change, *arguments: str) -> Run:
        """What a preview of a change says to a person. The change does not stay."""
        with self.trial(change):
            return self._run("preview", *arguments)

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
        run = self._run("export")
        assert run.code == 0, run.text
        return run.out

    def refresh(self) -> None:
        """Record what is found."""
        self._write()
        run = self.engine.refresh()
        self.said.append(run.text)
        assert run.code == 0, run.text

    def hand_over(self, engine: Engine) -> None:
        """Another engine takes the state; the one before forgets the stack."""
        state = json.loads(self.exported())
        self._import(engine, state)
        state["deployment"]["resources"] = []
        self._import(self.engine, state)
        self.engine = engine

    def _import(self, engine: Engine, state: dict[str, Any]) -> None:
        path = self._file.with_name("state.json")
        path.write_text(json.dumps(state))
        run = engine.run("import", str(path))
        assert run.code == 0, run.text

    def command(self, verb: str, *arguments: str, **environment: str) -> Run:
        """One of the project's commands on the stack, on hosts of a person's own."""
        self._write()
        line = [sys.executable, "-m", "cli", verb, self.name, *arguments]
        return ended(line, {**self._for_commands(), **environment}, seconds=UP_SECONDS)

    @contextmanager
    def following(self, verb: str, *arguments: str) -> Iterator["Following"]:
        """A command that runs meanwhile; it is ended afterwards."""
        self._write()
        line = [sys.executable, "-u", "-m", "cli", verb, self.name, *arguments]
        written = self._file.with_name(f"{verb}.log")
        with written.open("w") as file:
            process = subprocess.Popen(line, cwd=REPOSITORY, env=self._for_commands(), stdout=file, stderr=file)
        try:
            yield Following(process, written)
        finally:
            process.kill()
            process.wait()

    def destroy(self) -> Run:
        """Remove every resource."""
        return self._run("destroy")

    def _for_commands(self) -> dict[str, str]:
        return {**self.engine.environment, "ENGINE": self.engine.name, "STACK_FILE": str(self._file)}

    def _write(self) -> None:
        """Write the settings, keeping the secrets that were given."""
        document = yaml.safe_load(self._file.read_text()) if self._file.exists() else {"config": {}}
        document["config"]["ha-platform:stack"] = copy.deepcopy(self.settings)
        self._file.write_text(yaml.safe_dump(document, sort_keys=False))

    def _run(self, verb: str, *arguments: str, text: str = "") -> Run:
        self._write()
        run = self.engine.run(verb, *arguments, text=text)
        self.said.append(run.text)
        return run
