"""RabbitMQ's quorum queues: the failover budget. A confirmed message is on the disks of a majority.

One fault at a time, from a cluster whose nodes are healthy.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from guarantees.client import RETRY
from guarantees.loss import NOTHING
from guarantees.promise import Promise
from guarantees.timer import Timer

ELECTION = Timer(
    name="election",
    millis=6_000,
    source="Ra's detector asks every second and an election takes up to two timeouts; measured on loopback: 0.3 to 3 s",
)
NODE_START = Timer(name="node's start", millis=20_000, source="measured: 5 to 12 s without many queues")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The timers as they are rendered: `silence` is when a node or a client that hears nothing of another ends the
    connection. `look_up` is for a name whose container is gone. `together`: one host may have several nodes."""

    members: int
    silence: Timer
    restart: Timer
    start: Timer
    look_up: Timer
    together: bool = False

    def promises(self) -> Iterator[Promise]:
        """Every fault."""
        if self.members == 1:
            back = (self.restart, self.start, NODE_START, RETRY)
            yield Promise(fault="node killed", timers=back, loss=NOTHING)
            yield Promise(
                fault="host lost",
                loss=NOTHING,
                unbounded="until the host is back: it has the only node",
                fix="Set `members: 3`.",
            )
            return
        yield Promise(fault="node killed", timers=(ELECTION, RETRY), loss=NOTHING)
        if self.together:
            yield Promise(
                fault="host lost",
                loss=NOTHING,
                unbounded="until the host is back, if it has most of the nodes: they may share them",
                fix="Leave out `platform.share_nodes`.",
            )
        else:
            yield Promise(fault="host lost", timers=(self.silence, ELECTION, self.look_up, RETRY), loss=NOTHING)
        yield Promise(fault="node stopped", timers=(ELECTION, RETRY), loss=NOTHING, planned=True)
