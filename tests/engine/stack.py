"""A stack without a program: goals are registered one after another, as the SDK would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.engine import operations
from sandbox.engine.crypto import Passphrase
from sandbox.engine.errors import Aborted, EngineError
from sandbox.engine.events import Reporter, Step
from sandbox.engine.goal import Goal
from sandbox.engine.handles import Handles
from sandbox.engine.policy import Policies
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.recovery import recover
from sandbox.engine.registrar import Registrar
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig
from sandbox.engine.state import State
from sandbox.engine.urns import make_urn
from tests.engine.fakes import THING

CRYPTER = Passphrase("a passphrase")


def urn(name: str, type: str = THING) -> str:
    return make_urn("dev", "proj", "", type, name)


def goal(name: str, inputs: dict[str, Any] | None = None, **options: Any) -> Goal:
    type = options.pop("type", THING)
    defaults: dict[str, Any] = {
        "custom": True,
        "parent": "",
        "provider": "",
        "version": "",
        "dependencies": (),
        "property_dependencies": {},
        "aliases": (),
        "protect": False,
        "ignore_changes": (),
        "additional_secret_outputs": (),
        "retain_on_delete": False,
        "custom_timeouts": {},
    }
    return Goal(urn=urn(name, type), type=type, name=name, inputs=inputs or {}, **{**defaults, **options})


class Recorder(Reporter):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.texts: list[str] = []

    def finished(self, step: Step) -> None:
        self.steps.append(step)

    def failed(self, step: Step, reason: str) -> None:  # noqa: ARG002 - fixed by the base
        self.texts.append(reason)

    def message(self, severity: str, text: str, urn: str = "") -> None:  # noqa: ARG002 - fixed by the base
        self.texts.append(f"{severity}: {text}")


class Stack:
    """Objects under `root`/objects, state in `root`/dev.json."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = StackConfig(project="proj", stack="dev", path=root, salt="", values={}, secret_keys=frozenset())
        (root / "objects").mkdir(exist_ok=True)
        (root / "calls").touch()
        self.recorder = Recorder()

    def state(self) -> State:
        return State(self.root / "dev.json", lambda _: CRYPTER)

    def run(self, *goals: Goal, preview: bool = False) -> Run:
        """One preview or update; its steps are in `recorder`."""
        self.recorder = Recorder()
        state = self.state()
        run = Run(self.config, state, self.recorder, preview=preview, parallel=4)
        handles = Handles(run, lenient=preview)
        recover(run, handles)
        registrar = Registrar(run, handles, Policies(run, []))
        for wanted in goals:
            try:
                registrar.register(wanted)
            except Aborted:
                break
            except (EngineError, ProviderError) as error:
                run.fail(str(error))
        if not run.ending:
            operations.delete_unwanted(run, handles)
        if not preview:
            state.close()
        return run

    def job(self) -> operations.Job:
        return operations.Job(directory=self.root, config=self.config, state=self.state(), parallel=4)

    def ops(self) -> list[tuple[str, str]]:
        """Operation and name of every step that concerns an object."""
        return [(step.op, step.urn.split("::")[-1]) for step in self.recorder.steps if "fake:index" in step.urn]

    def objects(self) -> dict[str, Any]:
        """What exists: inputs by id."""
        files = sorted((self.root / "objects").iterdir())
        return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}

    def calls(self) -> list[str]:
        return (self.root / "calls").read_text(encoding="utf-8").splitlines()
