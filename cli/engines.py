"""Which engine runs the program, and how each command is said to it."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.errors import CommandError
from cli.stack_file import REPOSITORY, StackFile

POLICIES = REPOSITORY / "policies"


class Engine:
    """Runs preview, up, destroy and the rest on one stack. `environment` is added to this process's."""

    def __init__(self, stack: StackFile, environment: Mapping[str, str]) -> None:
        self.name = _chosen()
        self._stack = stack
        self._environment = {**os.environ, **environment, **_passphrase()}
        if self.name == "pulumi":
            self._environment.setdefault("PULUMI_BACKEND_URL", _state_backend())
            self._environment.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")

    def preview(self, *, json: bool = False) -> int:
        """Shows what `up` would change."""
        return self._run("preview", ["--policy-pack", str(POLICIES), *(["--json"] if json else [])])

    def up(self) -> int:
        """Deploys."""
        return self._run("up", ["--policy-pack", str(POLICIES), *self._unattended("--yes", "--skip-preview")])

    def destroy(self) -> int:
        """Removes every resource of the stack."""
        return self._run("destroy", self._unattended("--yes", "--skip-preview"))

    def outputs(self) -> str:
        """The stack's outputs, as JSON."""
        command = ["outputs"] if self.name == "sandbox" else ["stack", "output"]
        return self._capture(*command, "--json")

    def export(self) -> str:
        """The stack's state, as Pulumi's deployment document."""
        command = ["export"] if self.name == "sandbox" else ["stack", "export"]
        return self._capture(*command)

    def set_secret(self, key: str, value: str) -> int:
        """Stores `value` encrypted in the stack file."""
        path = f"ha-platform:secrets.{key}"
        return self._run("config", ["set", "--secret", "--path", path], text=value)

    def _unattended(self, *flags: str) -> list[str]:
        return list(flags) if self.name == "pulumi" else []

    def _run(self, command: str, arguments: Sequence[str], text: str | None = None) -> int:
        self._select()
        line = [*self._program(), command, *arguments, *self._where(command)]
        return subprocess.run(
            line, cwd=REPOSITORY, env=self._environment, input=text, text=True, check=False
        ).returncode

    def _capture(self, *arguments: str) -> str:
        self._select()
        line = [*self._program(), *arguments, *self._where(arguments[0])]
        done = subprocess.run(line, cwd=REPOSITORY, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CommandError(done.stderr.strip() or f"`{' '.join(arguments)}` failed with exit {done.returncode}")
        return done.stdout

    def _program(self) -> list[str]:
        return ["pulumi"] if self.name == "pulumi" else [sys.executable, "-m", "sandbox.engine"]

    def _where(self, command: str) -> list[str]:
        own = self._stack.path != REPOSITORY / f"Pulumi.{self._stack.name}.yaml"
        if not own:
            return ["--stack", self._stack.name]
        option = "--config-file" if self.name == "pulumi" else "--stack-file"
        return ["--stack", self._stack.name, *([option, str(self._stack.path)] if command != "stack" else [])]

    def _select(self) -> None:
        if self.name == "pulumi":
            subprocess.run(
                ["pulumi", "stack", "select", "--create", self._stack.name, "--non-interactive"],
                cwd=REPOSITORY,
                env=self._environment,
                check=True,
                capture_output=True,
            )


def _chosen() -> str:
    engine = os.environ.get("ENGINE", "")
    if engine not in ("", "sandbox", "pulumi"):
        raise CommandError(f"ENGINE is `sandbox` or `pulumi`, not `{engine}`.")
    found = shutil.which("pulumi") is not None
    if engine == "pulumi" and not found:
        raise CommandError("ENGINE=pulumi, but there is no `pulumi` on PATH; install it, or use ENGINE=sandbox.")
    return engine or ("pulumi" if found else "sandbox")


def state_directory() -> Path:
    """Where the sandbox engine keeps its state: HA_STATE, default `.state` in the repository."""
    return Path(os.environ.get("HA_STATE") or REPOSITORY / ".state")


def _state_backend() -> str:
    directory = state_directory() / "pulumi"
    directory.mkdir(parents=True, exist_ok=True)
    return f"file://{directory}"


def _passphrase() -> dict[str, str]:
    """The person's own passphrase, or one that is generated once and kept beside the state."""
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ or "PULUMI_CONFIG_PASSPHRASE_FILE" in os.environ:
        return {}
    path = state_directory() / "passphrase"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}
