"""Groups of processes, with what is reserved for each of them."""

from guarantees.topology import Group
from model import Resources


def group(
    name: str,
    count: int,
    resources: Resources,
    *,
    needed: int = 1,
    most: int = 0,
    hosts: tuple[str, ...] = (),
    moves: bool = False,
    everywhere: bool = False,
    without: str,
) -> Group:
    """`Group` in the words of components; `most` only where an autoscaler decides."""
    return Group(
        name=name,
        count=count,
        needed=needed,
        most=max(count, most),
        hosts=hosts,
        moves=moves,
        everywhere=everywhere,
        without=without,
        cpu_millis=resources.cpu_request_millis,
        memory_bytes=resources.memory_request_bytes,
    )
