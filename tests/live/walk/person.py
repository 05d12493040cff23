"""A person with a copy of this repository, who types commands into a shell."""

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from drills.commands import Run, ended, inherited
from sandbox.pulumi.stand_ins.environment import BIN, stand_in_environment
from tests.live.pulumi_cli.project import SECONDS
from tests.live.summaries import keep_summary
from tests.stacks.fixtures import REPOSITORY

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".state", "out", "__pycache__", ".*_cache", ".hypothesis")


class Person:
    """Has the Pulumi CLI and, in place of its plugins, this repository's stand-ins on PATH."""

    def __init__(self, pulumi: Path, directory: Path, target: Mapping[str, str]) -> None:
        self.repository = directory / "ha-platform"
        shutil.copytree(REPOSITORY, self.repository, ignore=_NOT_COPIED, symlinks=True)
        (self.repository / ".venv").symlink_to((REPOSITORY / ".venv").resolve())
        self._target = target
        stand_ins = stand_in_environment(next(iter(target.values())))
        own = self.repository / BIN.relative_to(REPOSITORY)
        backend = directory / "backend"
        backend.mkdir()
        kept = {name: value for name, value in inherited().items() if name != "ENGINE"}
        self.environment = {
            **kept,
            **stand_ins,
            "PATH": os.pathsep.join([str(pulumi.parent), str(own), os.environ["PATH"]]),
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "a person's own",
            "PULUMI_SKIP_CONFIRMATIONS": "true",  # says yes where a terminal would ask
            "NO_COLOR": "1",
        }

    def types(self, command: str, **environment: str) -> Run:
        """One line, in the copy. A variable that is exported gets this person's value, whatever the line says."""
        if exported := re.match(r"export (\w+)=", command):
            self.environment[exported[1]] = self._target[exported[1]]
            return Run(code=0, out="", err="")
        started = time.monotonic()
        line, given = ["bash", "-c", command], {**self.environment, **environment}
        run = ended(line, given, directory=self.repository, seconds=SECONDS)
        keep_summary(command, run.out, time.monotonic() - started)
        return run

    def edits(self, file: str, change: Callable[[dict[str, Any]], None]) -> None:
        """The settings of a stack file."""
        path = self.repository / file
        document = yaml.safe_load(path.read_text())
        change(document["config"]["ha-platform:stack"])
        path.write_text(yaml.safe_dump(document, sort_keys=False))
