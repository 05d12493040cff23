"""What a rule across components looks at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from settings.base import Settings
from settings.faults import Fault
from settings.images import ImagesSettings
from settings.load import Item


@dataclass(frozen=True, kw_only=True)
class Context:
    """The sound parts of a stack, and what is known of its broken parts.

    A fault that a rule yields must not vanish when only the broken parts are fixed: what is not in `stack` may still
    be in the file. `secret_names` are the names of the given secrets (None: not known), `secret_values` what they
    hold where that is known; `give_secret` is the command
    that gives one, up to its name.
    """

    stack: Settings
    secret_names: frozenset[str] | None
    secret_values: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[Item] = frozenset()
    give_secret: str = "make secret KEY="

    @property
    def images(self) -> ImagesSettings | None:
        """Where the images come from (None: not known)."""
        return getattr(self.stack, "images", None) if self.knows("images") else None

    def parts(self, key: str) -> Mapping[str, Any]:
        """The sound components in the map `key`, by name."""
        parts: Mapping[str, Any] = getattr(self.stack, key)
        return parts

    def component(self, name: str) -> object:
        """The settings of the sound component `name`, whatever its kind; `<name>/<key>` is a part of it."""
        name = name.partition("/")[0]
        maps = (getattr(self.stack, key, None) for key in type(self.stack).model_fields)
        return next((parts[name] for parts in maps if isinstance(parts, dict) and name in parts), None)

    def names(self, key: str) -> tuple[str, ...]:
        """The names in the map `key`, those of broken entries too."""
        broken = sorted(item[1] for item in self.broken if len(item) == 2 and item[0] == key)
        return (*self.parts(key), *broken)

    def knows(self, key: str) -> bool:
        """Whether the value of `key` (of a map: every name) can be read: it may stand under an unknown key instead."""
        keys = {(key,) for key in type(self.stack).model_fields}
        unknown = any(len(item) == 1 and item not in keys for item in self.broken)
        return (key,) not in self.broken and (key in self.stack.model_fields_set or not unknown)


Rule = Callable[[Context], Iterator[Fault]]
