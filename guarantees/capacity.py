"""CPU and memory that a host must have for what runs on it when any other one is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guarantees.topology import Group


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """CPU in thousandths of a core, and bytes of memory."""

    cpu_millis: int
    memory_bytes: int

    def __str__(self) -> str:
        return f"{self.cpu_millis / 1000:g} CPU and {-(-self.memory_bytes // 2**20)}Mi"


def needed(groups: Sequence[Group], names: Sequence[str], hosts: int) -> Reserved:
    """The most that any one of so many hosts needs while another one is lost, with an autoscaler at its most, and with
    replicas spread evenly over the hosts that are left. What stays on its host does not move; where members stay on
    hosts by no name, they are spread over all. A rollout takes more for a while."""
    found = [*_each(groups, names, hosts)]
    return Reserved(
        cpu_millis=max(one.cpu_millis for one in found), memory_bytes=max(one.memory_bytes for one in found)
    )


def _each(groups: Sequence[Group], names: Sequence[str], hosts: int) -> Iterator[Reserved]:
    """Which of the others is lost makes no difference to a host: what moves is spread over those that are left."""
    for host in names or ("any",):
        counts = [(_on(group, host, hosts), group) for group in groups]
        yield Reserved(
            cpu_millis=sum(count * group.cpu_millis for count, group in counts),
            memory_bytes=sum(count * group.memory_bytes for count, group in counts),
        )


def _on(group: Group, host: str, hosts: int) -> int:
    if group.everywhere:
        return 1
    if group.hosts:
        return group.hosts.count(host)
    return -(-group.most // (max(1, hosts - 1) if group.moves else hosts))
