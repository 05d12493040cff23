"""What goes on when any one host is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Group:
    """Processes that do the same, of which at least `needed` must run. `hosts` are those that they stay on, by their
    numbers (empty: wherever there is room, spread over the hosts). `moves`: what a lost host had starts elsewhere;
    `everywhere`: one on each host. `without` says what is missing while too few run; what need not run is not counted
    as left. `cpu_millis` and `memory_bytes` are reserved for each, and an autoscaler may start up to `most`."""

    name: str
    count: int
    needed: int
    hosts: tuple[str, ...] = ()
    moves: bool = False
    everywhere: bool = False
    without: str
    cpu_millis: int
    memory_bytes: int
    most: int

    def left(self, lost: str, hosts: int | None) -> int:
        """How many run at once after the host is lost: of those that stay nowhere, the host that has most of them."""
        if self.hosts:
            return sum(host != lost for host in self.hosts)
        return self.count - (1 if hosts is None else -(-self.count // max(1, min(hosts, self.count))))


@dataclass(frozen=True, kw_only=True)
class HostLost:
    """One host is lost: what `stops` until it is back, what `pauses` until it runs elsewhere, and how many are left."""

    host: str
    left: tuple[str, ...]
    pauses: tuple[Group, ...]
    stops: tuple[Group, ...]

    def __str__(self) -> str:
        parts = [f"until the host is back: no {', no '.join(_each(self.stops))}"] if self.stops else []
        parts += [f"until it runs elsewhere: no {', no '.join(_each(self.pauses))}"] if self.pauses else []
        return "; ".join(parts) or "everything goes on"

    def said(self) -> dict[str, str]:
        """In words, for an output of the stack."""
        return {f"{self.host} lost": str(self), "left": ", ".join(self.left)}


def _each(groups: Iterable[Group]) -> list[str]:
    return [f"{group.without} ({group.name})" for group in groups]


def host_lost(host: str, groups: Sequence[Group], hosts: int | None, *, together: bool = False) -> HostLost:
    """`hosts` is how many there are (None: as many as are needed). `together`: the members of a store may share a host,
    so that all of them may be lost."""
    left: list[str] = []
    pauses: list[Group] = []
    stops: list[Group] = []
    for group in (one for one in groups if one.needed and not one.everywhere):
        remain = group.left(host, 1 if together and not group.moves else hosts)
        left.append(f"{group.name} {remain} of {group.count}")
        if remain < group.needed:
            (pauses if group.moves and hosts != 1 else stops).append(group)
    return HostLost(host=host, left=tuple(left), pauses=tuple(pauses), stops=tuple(stops))
