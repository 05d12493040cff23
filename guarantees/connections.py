"""The connections of a server, and who may open them all at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A client of a server: at most so many processes at the same time, a rollout and an autoscaler included, and
    connections of each (None: not said)."""

    client: str
    server: str
    processes: int
    each: int | None
    key: str
    """Where the number stands, below the client."""
    door: str = ""
    """The limit that they count against, if the server has several."""
    assumed: bool = False
    """Nobody said `each`: it follows from something else."""

    @property
    def connections(self) -> int:
        """All of them; 0 where it is not said."""
        return self.processes * (self.each or 0)

    def __str__(self) -> str:
        return f"{self.client} {self.processes} x {'?' if self.each is None else self.each}"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a server takes, and what of it is not for clients: name -> number. `key` is the setting, for each of
    `parts`. `door` is the pooler that takes them (empty: the server itself)."""

    most: int
    kept: dict[str, int]
    key: str
    door: str = ""
    parts: int = 1

    @property
    def free(self) -> int:
        """For clients."""
        return self.most - sum(self.kept.values())


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The budget of one server."""

    limit: Limit
    pools: Sequence[Pool]

    @property
    def name(self) -> str:
        """`connections`, or `pooler connections`."""
        return f"{self.limit.door} connections".lstrip()

    @property
    def used(self) -> int:
        """By those who say it."""
        return sum(pool.connections for pool in self.pools)

    @property
    def made_of(self) -> str:
        """`web 11 x 10 + worker 3 x 2`."""
        return " + ".join(map(str, self.pools)) or "nobody"

    def said(self) -> dict[str, str]:
        """In words, for an output of the stack: the first under the budget's own name."""
        kept = " - ".join(f"{name} {number}" for name, number in self.limit.kept.items() if number)
        unsaid = [pool for pool in self.pools if pool.each is None]
        at_most = "at least " if unsaid else "at most "
        return {
            self.name: f"{at_most}{self.used} of {self.limit.free}: {self.made_of}",
            "free": f"{self.limit.most} - {kept}",
        }
