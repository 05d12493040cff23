"""What a rule looks at."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from composition.stack import Stack
from settings.faults import Fault

ROOT = "ha-platform:stack"


@dataclass(frozen=True, kw_only=True)
class Context:
    """The typed stack and the names of the given secrets."""

    stack: Stack
    secret_names: frozenset[str]


Rule = Callable[[Context], Iterator[Fault]]


def unknown(path: str, name: str, kind: str, known: Iterable[str]) -> Fault:
    """A reference to something that is not in the stack, with the nearest name that is."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        fix = f"Did you mean `{close[0]}`?"
    else:
        fix = f"Known here: {', '.join(names)}." if names else f"The stack has no {kind}."
    return Fault(path=f"{ROOT}.{path}", rule=f"names no {kind} of this stack", got=repr(name), fix=fix)
