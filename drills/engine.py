"""What deploys a stack: an engine with a state of its own. The drills' own one is the sandbox engine."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from drills.commands import COMMAND_SECONDS, Run, ended, inherited

PASSPHRASE = "a passphrase"
"""Of a stack that lives on throw-away hosts."""


class Engine(ABC):
    """One engine with a state of its own for the stack; `directory` holds the stack file."""

    name: ClassVar[str]
    """As ENGINE calls it."""
    environment: Mapping[str, str]
    """What a command needs for this engine's state."""
    records: tuple[Path, ...]
    """Directories in which it keeps what it knows and did."""

    @abstractmethod
    def run(self, verb: str, *arguments: str, text: str = "") -> Run:
        """`verb` as the sandbox engine calls it: up, preview, refresh, export, import, config, destroy."""

    def init(self) -> Run:
        """Make the stack, with nothing in it."""
        return Run(code=0, out="", err="")

    def refresh(self) -> Run:
        """Record what is found."""
        return self.run("refresh")


Engines = Callable[[Mapping[str, str]], Sequence[Engine]]
"""From the variable that names the hosts, with its value, to the engines; the one to deploy by first."""


class SandboxEngine(Engine):
    """`python -m sandbox.engine`."""

    name = "sandbox"

    def __init__(self, stack: str, directory: Path, target: Mapping[str, str]) -> None:
        self._stack = ["--stack", stack, "--stack-file", str(directory / f"Pulumi.{stack}.yaml")]
        state = directory / "state"
        self.records = (state,)
        self.environment = {**inherited(), **target, "HA_STATE": str(state), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}

    def run(self, verb: str, *arguments: str, text: str = "") -> Run:
        line = [sys.executable, "-m", "sandbox.engine", verb, *arguments, *self._stack]
        return ended(line, self.environment, text=text, seconds=COMMAND_SECONDS)

    def refresh(self) -> Run:
        return self.run("refresh", "--apply")
