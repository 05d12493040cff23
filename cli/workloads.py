"""The workloads of a deployed stack, and which of them a person means."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.errors import CommandError
from cli.stack_file import StackFile

UPDATE_SECONDS = 600.0
"""How long a workload may take to be replaced where the stack says nothing of it (one task on every host)."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One service of a Swarm, or one object of a cluster that makes pods."""

    urn: str
    id: str
    """The orchestrator's: of a service, or `namespace/name`."""
    component: str
    """`PostgresHA main`."""
    word: str
    """What the component calls it: `main-pg`. On a Swarm each member is a workload of its own."""
    name: str
    once: bool = False
    """Whether it runs a command once."""
    seconds: float = UPDATE_SECONDS
    """How long it may take to replace all of it."""

    def is_called(self, app: str, stack: str) -> bool:
        """By the component's name, the word, or its own name with or without the stack's before it."""
        return app in (self.component.partition(" ")[2], self.word, self.name, self.name.removeprefix(f"{stack}-"))


def chosen(workloads: Sequence[Workload], app: str, stack: StackFile, verb: str) -> list[Workload]:
    """Those that `app` names, in the order in which an update changes them. Raises CommandError with what there is."""
    if found := [workload for workload in workloads if workload.is_called(app, stack.name)]:
        return found
    components = sorted({workload.component.partition(" ")[2] for workload in workloads})
    there = f"stack {stack.name} has {', '.join(components)}"
    if not app:
        raise CommandError(f"APP is missing; {there}: `{stack.make(verb)} APP={components[0]}`.")
    close = difflib.get_close_matches(app, _names(workloads, stack.name), n=3)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    raise CommandError(f"APP={app} is no part of the stack; {meant}{there[0].upper()}{there[1:]}.")


def _names(workloads: Iterable[Workload], stack: str) -> list[str]:
    names = (
        name
        for one in workloads
        for name in (one.component.partition(" ")[2], one.word, one.name.removeprefix(f"{stack}-"))
    )
    return list(dict.fromkeys(names))
