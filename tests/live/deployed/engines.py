"""What deploys a live stack: the Pulumi CLI where it can be had, and the sandbox engine. Both read one stack file."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from drills.commands import Run
from drills.engine import Engine, SandboxEngine
from tests.live.pulumi_cli.project import Project

_WITH_EVENTS = ("up", "preview", "refresh", "destroy")


class PulumiCli(Engine):
    """`pulumi`, with the stand-ins for its plugins and a project around the stack file."""

    name = "pulumi"
    _SAID: ClassVar = {
        "up": ("up", "--yes", "--skip-preview"),
        "refresh": ("refresh", "--yes", "--skip-preview"),
        "destroy": ("destroy", "--yes", "--skip-preview"),
        "export": ("stack", "export"),
        "import": ("stack", "import", "--file"),
    }

    def __init__(self, pulumi: Path, stack: str, directory: Path, target: Mapping[str, str]) -> None:
        self._project = Project(pulumi, directory, target, stack=stack)
        self._events = directory / "events"
        self._events.mkdir()
        self.records = (directory / "backend", self._events)
        self.environment = {**self._project.environment, "HA_STATE": str(directory / "state")}

    def init(self) -> Run:
        return self._project.run("stack", "init")

    def run(self, verb: str, *arguments: str, text: str = "") -> Run:
        line = (*self._SAID.get(verb, (verb,)), *arguments)
        if verb not in _WITH_EVENTS:
            return self._project.run(*line, text=text)
        events = self._events / f"{len(list(self._events.iterdir()))}-{verb}.json"
        return self._project.run(*line, "--event-log", str(events), text=text, PULUMI_DEBUG_COMMANDS="1")


def engines(pulumi: Path | None, stack: str, directory: Path, target: Mapping[str, str]) -> list[Engine]:
    """Every engine there is, the one to deploy by first."""
    sandbox = SandboxEngine(stack, directory, target)
    return [PulumiCli(pulumi, stack, directory, target), sandbox] if pulumi else [sandbox]
