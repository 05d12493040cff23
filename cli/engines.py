"""Which engine runs the program, and how each command is said to it."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.stack_file import REPOSITORY, StackFile

POLICIES = REPOSITORY / "policies"
_UNATTENDED = ("--yes", "--skip-preview")


class Engine:
    """Runs preview, up, destroy and the rest on one stack. `environment` is added to this process's."""

    def __init__(self, stack: StackFile, environment: Mapping[str, str]) -> None:
        self.name = chosen_engine()
        self._stack = stack
        self._environment = {**os.environ, **environment, **_passphrase()}
        self._selected = False
        if self.name == "pulumi":
            # Its Python host otherwise looks for a virtual environment by itself.
            self._environment.setdefault("PULUMI_PYTHON_CMD", sys.executable)
            self._environment.setdefault("PULUMI_BACKEND_URL", _state_backend())
            self._environment.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")

    def preview(self, drifted: Sequence[str] = (), *, as_json: bool = False) -> int:
        """Shows what `up` would change. The CLI could look at drifted resources only by recording what it finds."""
        doubted = [] if self.name == "pulumi" else _each("--doubt", drifted)
        return self._run("preview", ["--policy-pack", str(POLICIES), *doubted, *(["--json"] if as_json else [])])

    def up(self, drifted: Sequence[str] = ()) -> int:
        """Deploys. The resources of the URNs `drifted` are compared with what runs first, so that they are put right.

        Only these: a refresh of everything takes over what a registry or a Swarm filled in, and replaces tasks for it.
        """
        if self.name == "pulumi":
            if drifted and (code := self.refresh(drifted)):
                return code
            return self._run("up", ["--policy-pack", str(POLICIES), *_UNATTENDED])
        return self._run("up", ["--policy-pack", str(POLICIES), *_each("--doubt", drifted)])

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

    @property
    def backend(self) -> str:
        """Where the CLI keeps its states, as a URL."""
        return self._environment["PULUMI_BACKEND_URL"]

    def refresh(self, urns: Sequence[str]) -> int:
        """The CLI compares just these resources with what runs, and records what it finds."""
        return self._run("refresh", [*_UNATTENDED, *_each("--target", urns)])

    def exported(self, *, secrets: bool = False) -> dict[str, Any]:
        """The state as Pulumi's deployment document, secrets encrypted; with `secrets` (the CLI alone) plain."""
        line = ["stack", "export"] if self.name == "pulumi" else ["export"]
        read: dict[str, Any] = json.loads(self._capture(*line, *(["--show-secrets"] if secrets else [])))
        return read

    def restore(self, exported: Mapping[str, Any]) -> None:
        """Replaces the state. Raises CommandError while another command works on it."""
        pulumi = self.name == "pulumi"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(exported, file)
            file.flush()
            self._capture(*(["stack", "import", "--file"] if pulumi else ["import"]), file.name)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        command = ["outputs"] if self.name == "sandbox" else ["stack", "output"]
        read: dict[str, Any] = json.loads(self._capture(*command, "--json"))
        return read

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, as in Pulumi's deployment document."""
        found: list[dict[str, Any]] = self.exported()["deployment"].get("resources") or []
        return found

    def set_secret(self, key: str, value: str) -> int:
        """Stores `value` encrypted in the stack file."""
        return self._run("config", ["set", "--secret", "--path", f"ha-platform:secrets.{key}"], text=value)

    def _run(self, command: str, arguments: Sequence[str], text: str | None = None) -> int:
        self._select()
        sys.stdout.flush()
        line = [*self._program(), command, *arguments, *self._where(command)]
        return run_to_its_end(line, self._environment, text)

    def _capture(self, *arguments: str) -> str:
        self._select()
        return self._ask([*self._program(), *arguments, *self._where(arguments[0])])

    def _ask(self, line: list[str]) -> str:
        done = subprocess.run(line, cwd=REPOSITORY, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = [text for text in done.stderr.splitlines() if text.strip()]
            raise CommandError((said[-1] if said else f"exit code {done.returncode}").removeprefix("error: "))
        return done.stdout

    def _program(self) -> list[str]:
        return ["pulumi"] if self.name == "pulumi" else [sys.executable, "-m", "sandbox.engine"]

    def _where(self, command: str) -> list[str]:
        stack = ["--stack", self._stack.name]
        if command == "stack" or self._stack.path == REPOSITORY / f"Pulumi.{self._stack.name}.yaml":
            return stack
        return [*stack, "--config-file" if self.name == "pulumi" else "--stack-file", str(self._stack.path)]

    def _select(self) -> None:
        """The CLI knows a stack only once it was made."""
        if self.name != "pulumi" or self._selected:
            return
        own = REPOSITORY / f"Pulumi.{self._stack.name}.yaml"
        there = own.exists()
        self._ask(["pulumi", "stack", "select", "--create", self._stack.name, "--non-interactive"])
        if not there:
            own.unlink(missing_ok=True)  # it makes one, though STACK_FILE is the stack's file
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


def chosen_engine() -> str:
    """`pulumi` or `sandbox`: what ENGINE says, or the CLI where there is one."""
    engine = os.environ.get("ENGINE", "")
    if engine not in ("", "sandbox", "pulumi"):
        raise CommandError(f"ENGINE is `sandbox` or `pulumi`, not `{engine}`.")
    found = shutil.which("pulumi") is not None
    if engine == "pulumi" and not found:
        raise CommandError("ENGINE=pulumi, but there is no `pulumi` on PATH; install it, or use ENGINE=sandbox.")
    return engine or ("pulumi" if found else "sandbox")


def state_directory() -> Path:
    """Where the engines keep their state: HA_STATE, default `.state` in the repository."""
    return Path(os.environ.get("HA_STATE") or REPOSITORY / ".state").resolve()


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the state directory {directory} cannot be made ({error.strerror}); set HA_STATE to one that can."
        ) from None
    return directory


def _state_backend() -> str:
    return f"file://{_made(state_directory() / 'pulumi')}"


def _passphrase() -> dict[str, str]:
    """The person's own passphrase, or one that is generated once and kept beside the state."""
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ or "PULUMI_CONFIG_PASSPHRASE_FILE" in os.environ:
        return {}
    path = _made(state_directory()) / "passphrase"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written ({error.strerror}); set HA_STATE to a directory that can be."
        ) from None
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}
