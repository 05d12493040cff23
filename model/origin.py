"""Where in the stack file a word comes from."""

from dataclasses import dataclass, replace

ROOT = "ha-platform:stack"
"""The key of a stack file under which everything stands."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A part of the stack file: `name` in the map `key`, or the single key `key`; `below` leads further into it."""

    root: str = ROOT
    key: str
    name: str | None = None
    below: tuple[str, ...] = ()

    def at(self, *keys: str) -> "Origin":
        """A place below this one."""
        return replace(self, below=(*self.below, *keys))

    @property
    def part(self) -> "Origin":
        """The whole part: without what leads further into it."""
        return replace(self, below=())

    @property
    def path(self) -> str:
        """`apps.web.migrations`: the keys below the root."""
        return ".".join((self.key, *((self.name,) if self.name else ()), *self.below))

    def __str__(self) -> str:
        return f"{self.root}.{self.path}"
