"""What the components of a stack promise, and what they miss."""

from collections.abc import Iterator
from typing import Any

from components.kind import Part
from composition.kinds import components
from composition.stack import Stack
from guarantees.promise import Promise
from guarantees.surroundings import Surroundings
from settings.base import Settings


def each_promise(stack: Settings, around: Surroundings) -> Iterator[tuple[Part[Any], list[Promise]]]:
    """Every component that promises something."""
    for kind, part in components(stack):
        if found := [*kind.guarantees(part.settings, around)]:
            yield part, found


Said = dict[str, dict[str, dict[str, str]]]
"""Path of a component -> fault -> what it may do, in words."""


def promised(stack: Stack) -> Said:
    """Everything that the stack promises."""
    return {
        part.origin.path: {one.fault: one.said() for one in found}
        for part, found in each_promise(stack, stack.platform.surroundings())
    }
