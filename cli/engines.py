"""Which engine runs the program, and how each command is said to it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli.cli_files import CliFiles
from cli.errors import CommandError
from cli.passphrase import SIGN, is_wrong, passphrase, wrong_passphrase
from cli.places import BACKEND, Place, chosen_place, directory, own_backend
from cli.progress import warn
from cli.stack_file import REPOSITORY, StackFile
from cli.state import made, state_directory

POLICIES = REPOSITORY / "policies"
_UNATTENDED = ("--yes", "--skip-preview")
_RUN_THE_PROGRAM = ("preview", "up", "refresh", "destroy", "config")
"""The commands of the CLI that read a stack's file, and may be given another one."""


class Engine:
    """Runs preview, up, destroy and the rest on one stack. `environment` is added to this process's."""

    def __init__(self, stack: StackFile, environment: Mapping[str, str], place: Place | None = None) -> None:
        """`place`: where the state is; default: what ENGINE and PULUMI_BACKEND_URL choose."""
        self.place = place or chosen_place()
        self.name = self.place.engine
        self._stack = stack
        self.environment = {**os.environ, **environment, **passphrase(stack)}
        self._files = CliFiles(stack)
        self._selected = False
        if self.name == "pulumi":
            # Its Python host otherwise looks for a virtual environment by itself.
            self.environment.setdefault("PULUMI_PYTHON_CMD", sys.executable)
            self.environment[BACKEND] = self.place.backend
            if self.place == own_backend():
                made(directory(self.place.backend))
            self.environment.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")

    def preview(self, drifted: Sequence[str] = (), *, as_json: bool = False) -> int:
        """Shows what `up` would change. The CLI could look at drifted resources only by recording what it finds."""
        doubted = [] if self.name == "pulumi" else _each("--doubt", drifted)
        return self._run("preview", [*self._policies(), *doubted, *(["--json"] if as_json else [])])

    def up(self, drifted: Sequence[str] = ()) -> int:
        """Deploys. The resources of the URNs `drifted` are compared with what runs first, so that they are put right.

        Only these: a refresh of everything takes over what a registry or a Swarm filled in, and replaces tasks for it.
        """
        if self.name == "pulumi":
            if drifted and (code := self.refresh(drifted)):
                return code
            return self._run("up", [*self._policies(), *_UNATTENDED])
        return self._run("up", [*self._policies(), *_each("--doubt", drifted)])

    def destroy(self) -> int:
        """Removes every resource of the stack that is not protected."""
        return self._run("destroy", ["--exclude-protected", *(_UNATTENDED if self.name == "pulumi" else ())])

    def forget(self) -> None:
        """Empties the state of a stack whose hosts go with everything on them. Raises CommandError while another
        command works on it."""
        exported = self.exported()
        exported["deployment"].pop("pending_operations", None)
        exported["deployment"]["resources"] = []
        self.restore(exported)

    def refresh(self, urns: Sequence[str]) -> int:
        """The CLI compares just these resources with what runs, and records what it finds."""
        return self._run("refresh", [*_UNATTENDED, *_each("--target", urns)])

    def exported(self, *, secrets: bool = False) -> dict[str, Any]:
        """The state as Pulumi's deployment document, secrets encrypted; with `secrets` plain. That of a new stack is
        empty."""
        plain = ["--show-secrets"] if secrets else []
        read: dict[str, Any] = json.loads(self._capture(*self._state_command("export"), *plain))
        return {**read, "deployment": read.get("deployment") or {}}

    def restore(self, exported: Mapping[str, Any]) -> None:
        """Replaces the state, through a pipe: it may hold secrets. Raises CommandError while another command works on
        it."""
        file = ["/dev/stdin"] if self.name == "sandbox" else []
        self._capture(*self._state_command("import"), *file, text=json.dumps(exported))

    def remove(self) -> None:
        """Removes the record of a stack without resources. The stack's file stays."""
        if self.name == "pulumi":
            self._ask(["pulumi", "stack", "rm", "--yes", "--preserve-config", *self._where("stack")])
            self._selected = False
        else:
            (state_directory() / f"{self._stack.name}.json").unlink(missing_ok=True)

    def planned(self) -> dict[str, int]:
        """How many resources `up` would change in which way. Raises CommandError when it cannot be told."""
        planned: dict[str, int] = json.loads(self._capture("preview", "--json"))["changeSummary"]
        return planned

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, as in Pulumi's deployment document."""
        found: list[dict[str, Any]] = self.exported()["deployment"].get("resources") or []
        return found

    def set_secret(self, key: str, value: str) -> int:
        """Stores `value` encrypted in the stack file."""
        where = f"ha-platform:secrets.{key}"
        return self._run("config", ["set", "--secret", "--path", where], text=value, file=self._stack.path)

    def _run(self, command: str, arguments: Sequence[str], text: str | None = None, file: Path | None = None) -> int:
        self._select()
        sys.stdout.flush()
        line = [*self._program(), command, *arguments, *self._where(command, file)]
        code = run_to_its_end(line, self.environment, text)
        if code != 0 and self.name == "pulumi" and is_wrong(self.environment, self._salts()):
            warn(wrong_passphrase(self._stack))
        return code

    def _capture(self, *arguments: str, text: str | None = None) -> str:
        self._select()
        return self._ask([*self._program(), *arguments, *self._where(arguments[0])], text)

    def _ask(self, line: list[str], text: str | None = None) -> str:
        program = self.name == "sandbox" or line[1] in _RUN_THE_PROGRAM
        directory = REPOSITORY if program else self._files.directory()
        done = subprocess.run(
            line, cwd=directory, env=self.environment, input=text, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            if SIGN in done.stderr + done.stdout:
                raise CommandError(wrong_passphrase(self._stack))
            raise CommandError(_reason(done))
        return done.stdout

    def _program(self) -> list[str]:
        return ["pulumi"] if self.name == "pulumi" else [sys.executable, "-m", "sandbox.engine"]

    def _state_command(self, name: str) -> list[str]:
        return ["stack", name] if self.name == "pulumi" else [name]

    def _where(self, command: str, file: Path | None = None) -> list[str]:
        stack = ["--stack", self._stack.name]
        if self.name == "pulumi":
            runs = command in _RUN_THE_PROGRAM
            return [*stack, "--config-file", str(file or self._files.config_file())] if runs else stack
        if self._stack.path == REPOSITORY / f"Pulumi.{self._stack.name}.yaml":
            return stack
        return [*stack, "--stack-file", str(self._stack.path)]

    def _salts(self) -> list[str]:
        """What the secrets of the stack file and of the state are encrypted with."""
        state = self.exported()["deployment"].get("secrets_providers") or {}
        return [salt for salt in (self._stack.salt, (state.get("state") or {}).get("salt", "")) if salt]

    def _policies(self) -> list[str]:
        """The policies, at the levels that are written for the stack's name, else at those of production."""
        levels = POLICIES / "levels" / f"{self._stack.name}.json"
        return ["--policy-pack", str(POLICIES), *(["--policy-pack-config", str(levels)] if levels.exists() else [])]

    def _select(self) -> None:
        """The CLI knows a stack only once it was made."""
        if self.name == "pulumi" and not self._selected:
            self._ask(["pulumi", "stack", "select", "--create", self._stack.name, "--non-interactive"])
            self._selected = True


def run_to_its_end(line: Sequence[str], environment: Mapping[str, str], text: str | None = None) -> int:
    """Runs a command and returns its exit code. Ctrl-C reaches it too, and it is waited for: an engine then ends what
    it began, records it and gives its lock back. Raises KeyboardInterrupt afterwards."""
    given = subprocess.PIPE if text is not None else None
    with subprocess.Popen(line, cwd=REPOSITORY, env=environment, stdin=given, text=True) as process:
        interrupted = False
        while True:
            try:
                process.communicate(text)
                break
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return process.returncode


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """What an engine that failed says: its error, that of its `--json`, or else its last line."""
    said = [text for text in done.stderr.splitlines() if text.strip()]
    errors = [text for text in reversed(said) if text.startswith("error: ")]
    if done.stdout.startswith("{"):
        with suppress(ValueError, TypeError):
            told = json.loads(done.stdout)["diagnostics"]
            errors = [one["message"].strip() for one in told if one["severity"] in ("error", "info#err")] or errors
    return [*errors, *said[-1:], f"exit code {done.returncode}"][0].removeprefix("error: ")
