"""The real Pulumi CLI, run on a backend of its own below a temporary directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

_VERSION = re.compile(r"v\d+\.\d+\.\d+")


class NoCli(Exception):
    """There is no real Pulumi CLI to ask; the message says what to do."""


class PulumiCli:
    """`pulumi` from PATH. Raises NoCli where there is none."""

    def __init__(self, directory: Path, backend: Path, passphrase: str) -> None:
        found = shutil.which("pulumi")
        if found is None:
            raise NoCli("there is no `pulumi` on PATH: install the Pulumi CLI; only it can write a reference")
        self.directory = directory
        backend.mkdir(parents=True, exist_ok=True)
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "NO_COLOR": "1",
        }
        self.version = self.run("version").strip()
        if not _VERSION.match(self.version):
            raise NoCli(f"{found} says {self.version!r}, which is not a version of the Pulumi CLI")

    def run(self, *arguments: str) -> str:
        """What the command printed. Raises NoCli with the end of its output when it fails."""
        done = subprocess.run(
            ["pulumi", *arguments],
            cwd=self.directory,
            env=self._environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
            raise NoCli(f"`pulumi {' '.join(arguments)}` failed:\n{said}")
        return done.stdout

    def export(self, stack: str) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self.run("stack", "export", "-s", stack))
        return exported

    def preview(self, stack: str) -> dict[str, int]:
        """How many resources of each kind of step a preview shows."""
        shown = json.loads(self.run("preview", "-s", stack, "--json"))
        return dict(shown["changeSummary"])

    def plugins(self) -> dict[str, str]:
        """The installed resource plugins with their versions."""
        listed = json.loads(self.run("plugin", "ls", "--json"))
        return {plugin["name"]: plugin["version"] for plugin in listed if plugin["kind"] == "resource"}
