"""What a rule looks at."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from composition.stack import Stack
from settings.faults import Fault
from settings.images import ImagesSettings
from settings.load import Item

ROOT = "ha-platform:stack"

Room = Literal["balancers", "apps", "databases", "caches"]
"""A map of the stack, from names to components."""

ROOMS: tuple[Room, ...] = ("balancers", "apps", "databases", "caches")

_KEYS = {(key,) for key in Stack.model_fields}


@dataclass(frozen=True, kw_only=True)
class Context:
    """The sound parts of a stack, and what is known of its broken parts.

    A fault that a rule yields must not vanish when only the broken parts are mended: what is not in `stack` may still
    be in the file. `secret_names` are the names of the given secrets (None: not known); `give_secret` is the command
    that gives one, up to its name.
    """

    stack: Stack
    secret_names: frozenset[str] | None
    broken: frozenset[Item] = frozenset()
    give_secret: str = "make secret KEY="

    @property
    def images(self) -> ImagesSettings | None:
        """Where the images come from (None: not known)."""
        return self.stack.images if self.knows("images") else None

    def names(self, room: Room) -> tuple[str, ...]:
        """The names in a map, those of broken entries too."""
        broken = sorted(item[1] for item in self.broken if len(item) == 2 and item[0] == room)
        return (*getattr(self.stack, room), *broken)

    def knows(self, key: Room | Literal["images"]) -> bool:
        """Whether the value of `key` (of a map: every name) can be read: it may stand under an unknown key instead."""
        unknown = any(len(item) == 1 and item not in _KEYS for item in self.broken)
        return (key,) not in self.broken and (key in self.stack.model_fields_set or not unknown)


Rule = Callable[[Context], Iterator[Fault]]


def missing(context: Context, room: Room, name: str, path: str) -> Iterator[Fault]:
    """A fault if `name`, which `path` refers to, is not in the map, with the nearest name that is."""
    names, kind = sorted(context.names(room)), room.removesuffix("s")
    if name in names or not context.knows(room):
        return
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        fix = f"Did you mean `{close[0]}`?"
    else:
        fix = f"Known here: {', '.join(names)}." if names else f"The stack has no {kind}."
    yield Fault(path=f"{ROOT}.{path}", rule=f"names no {kind} of this stack", got=repr(name), fix=fix)
