"""Rules across components. Each is a small function that yields faults; all faults come in one report."""

from collections.abc import Iterator

from composition.rules import images, names, ports, references
from composition.rules.context import Context
from composition.stack import Stack
from settings.faults import Fault

RULES = (
    *images.RULES,
    *names.RULES,
    *ports.RULES,
    *references.RULES,
)


def broken_rules(stack: Stack, secret_names: frozenset[str]) -> Iterator[Fault]:
    """Every fault of every rule."""
    context = Context(stack=stack, secret_names=secret_names)
    for rule in RULES:
        yield from rule(context)
