"""Redis or Valkey as a cluster: the failover budget.

One fault at a time, from a cluster whose members are healthy and lead from their homes, or everything at once. Read in
`cluster.c` of Redis 7.0 and `cluster_legacy.c` of Valkey 8.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from guarantees.client import RETRY
from guarantees.loss import NOTHING, Loss
from guarantees.promise import Promise
from guarantees.timer import Timer, total

TOLD = Timer(
    name="masters tell each other",
    millis=1_100,
    source="a master tells another one a second whom it misses, and those that it has not heard for half a timeout",
)
ELECTION = Timer(
    name="election",
    millis=1_300,
    source="a replica waits 0.5 to 1 s before it asks for votes, looked at ten times a second; then the masters vote",
)
HAND_OVER = Timer(name="hand-over", millis=1_000, source="measured on loopback: 0.1 to 0.5 s; writes wait meanwhile")
SERVER_START = Timer(name="server's start", millis=2_000, source="measured: with little data, less than 2 s")
WRITABLE = Timer(name="server's patience", millis=2_000, source="CLUSTER_WRITABLE_DELAY, after each start of a master")
NAMED = Timer(name="name", millis=5_000, source="a Swarm gives a member its name at a health check, every 5 s")
MET = Timer(name="members met", millis=3_000, source="`watch.sh` looks up who is not heard once a second")
EMPTY = Loss(millis=None, fix="Give it a role that persists.", disposable=True)
FSYNC_MILLIS = 2_000
"""`appendfsync everysec` may be one second late."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The timers as they are rendered. `masters` of which `leading` are on the host that has most of them;
    `node_timeout` is when a silent member is missed. `answer` is how long a client waits for an answer, `look_up` for a
    name whose container is gone. `persisted`: what is written is on disk; `stable`: a restarted container has its old
    address. `together`: one host may have several members of a shard. `spread`: where masters are is
    chosen, not only preferred.
    """

    masters: int
    leading: int
    node_timeout: Timer
    restart: Timer
    start: Timer
    answer: Timer
    look_up: Timer
    persisted: bool
    stable: bool
    together: bool
    spread: bool

    def promises(self) -> Iterator[Promise]:
        """Every fault."""
        half = Timer(
            name="half of node_timeout",
            millis=self.node_timeout.millis // 2,
            source="a member that was just heard is asked again after half of `cluster-node-timeout`",
        )
        missed = (half, self.node_timeout, half, TOLD, ELECTION)
        back = (half, self.node_timeout, WRITABLE, MET)  # just before it counts as lost, and nobody replaces it
        killed = max(missed, back, key=total)
        yield Promise(fault="master killed", timers=(*killed, RETRY), loss=self._behind())
        yield Promise(fault="replica killed", timers=(RETRY,), loss=NOTHING)
        yield self._host_lost((*missed, self.answer, self.look_up, RETRY))
        yield Promise(fault="master stopped", timers=(HAND_OVER, RETRY), loss=NOTHING, planned=True)
        named = () if self.stable else (NAMED,)
        name, source = "lost master heard again", "CLUSTER_FAIL_UNDO_TIME_MULT 2: for so long it counts as lost"
        undone = Timer(name=name, millis=2 * self.node_timeout.millis, source=source)
        yield Promise(
            fault="everything restarted",
            timers=(
                self.restart,
                self.start,
                SERVER_START,
                *named,
                MET,
                *max(missed, (undone, TOLD), key=total),
                RETRY,
            ),
            loss=Loss(millis=FSYNC_MILLIS, fix="Keep it in a database.") if self.persisted else EMPTY,
            everything=True,
        )

    def _host_lost(self, timers: tuple[Timer, ...]) -> Promise:
        if self.together:
            why, fix = "it may have a master and its replica: they may share nodes", "Leave out `platform.share_nodes`."
        elif self.masters - self.leading <= self.masters // 2:
            why = f"it may have {self.leading} of {self.masters} masters, and the others are no majority"
            fix = "Take three masters, five or more, or name more hosts."
        elif not self.spread:
            why = "it may have most of the masters: nodes are chosen by preference"
            fix = "Have as many nodes free as there are masters, and look where they are."
        else:
            return Promise(fault="host lost", timers=timers, loss=self._behind())
        return Promise(fault="host lost", loss=self._behind(), unbounded=f"until the host is back: {why}", fix=fix)

    def _behind(self) -> Loss:
        """A master that is cut off takes writes until it misses most of the others."""
        cut_off = self.node_timeout.millis * 3 // 2 + 200
        fix = "Lower `node_timeout`. Replication is asynchronous: what may not be lost belongs in a database."
        return Loss(millis=cut_off, fix=fix, disposable=not self.persisted)
