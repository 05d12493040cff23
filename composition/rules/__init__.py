"""Rules across components. Each is a small function that yields faults; all faults come in one report.

The rules here hold for every kind; those of a single kind stand with it (`Kind.rules`).
"""

from collections.abc import Iterator

from components.context import Context, Rule
from composition.kinds import KINDS
from composition.rules import abandoned, connections, copies, images, names, objectives, ports, references
from settings.faults import Fault

RULES: tuple[Rule, ...] = (
    *abandoned.RULES,
    *connections.RULES,
    *copies.RULES,
    *images.RULES,
    *names.RULES,
    *objectives.RULES,
    *ports.RULES,
    *references.RULES,
    *(rule for kind in KINDS for rule in kind.rules),
)


def advice(context: Context) -> Iterator[Fault]:
    """What a sound stack should be told."""
    for kind in KINDS:
        for rule in kind.advice:
            yield from rule(context)


def broken_rules(context: Context) -> Iterator[Fault]:
    """Every fault of every rule."""
    for rule in RULES:
        yield from rule(context)
