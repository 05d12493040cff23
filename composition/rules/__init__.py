"""Rules across components. Each is a small function that yields faults; all faults come in one report."""

from collections.abc import Iterator

from composition.rules import drains, images, names, ports, references
from composition.rules.context import Context
from settings.faults import Fault

RULES = (
    *drains.RULES,
    *images.RULES,
    *names.RULES,
    *ports.RULES,
    *references.RULES,
)


def broken_rules(context: Context) -> Iterator[Fault]:
    """Every fault of every rule."""
    for rule in RULES:
        yield from rule(context)
