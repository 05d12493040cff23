"""Redis or Valkey under Sentinel: the failover budget.

One fault at a time, from a group whose members are healthy, or everything at once. Read in `sentinel.c` and
`replication.c` of Redis 7.2 and Valkey 8.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from guarantees.client import RETRY
from guarantees.loss import NOTHING, Loss
from guarantees.promise import Promise
from guarantees.proxy import Following
from guarantees.timer import Timer, total

SERVER_START = Timer(name="server's start", millis=2_000, source="measured: with little data, less than 2 s")
PING = Timer(name="ping", millis=1_000, source="SENTINEL_PING_PERIOD: a silent master may have answered just before")
STEPS = Timer(
    name="Sentinel's steps",
    millis=400,
    source="SENTINEL_TIMER 100 ms: down, elected, replica chosen, promoted",
)
SEEN = Timer(name="promotion seen", millis=1_000, source="INFO is asked every second during a failover")
REPLICA = Timer(
    name="replica attached", millis=1_000, source="the replication timer runs every second, and so does REPLCONF ACK"
)
SPLIT_DESYNC = Timer(name="new vote's delay", millis=1_000, source="SENTINEL_MAX_DESYNC")
RENEWED = Timer(
    name="Sentinel's connection",
    millis=2_000,
    source="a Sentinel looks up a silent master's name every second, and the master asks it five times a second",
)
NAMED = Timer(name="name", millis=5_000, source="a Swarm gives a member its name at a health check, every 5 s")
EMPTY_PEERS = Timer(
    name="peers' answers",
    millis=15_000,
    source="a server without data waits for them so long where no Sentinel answers",
)
PROXY_READY = Timer(
    name="proxy's readiness",
    millis=5_000,
    source="a Swarm gives a proxy its name at a check every 5 s, a kubelet looks every 2 s",
)
LAG_ROUNDING_MILLIS = 2_000
"""`min-replicas-max-lag` counts whole seconds, once a second."""
UNSEEN = Loss(millis=None, fix="Set `min_replicas.to_write: 1`.")
"""A master that is cut off takes writes for as long as it is."""
_EMPTIED = Loss(millis=None, fix="Give it a role that persists.", disposable=True)
FSYNC_MILLIS = 2_000
"""`appendfsync everysec` may be one second late."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The timers as they are rendered. A master takes writes while `needed` replicas acknowledged not longer ago than
    `lag`; `endpoint` the plain address, if there is one; `answer` how long a
    client waits for an answer; `look_up` for a name whose container is gone; `persisted`: what is written is on disk,
    and if `synced` before it is acknowledged.
    `stable`: a restarted container has its old address; `hung` is how long a replica stays with an old one.
    `looks`: how long a server that starts asks the others. `together`: one host may have several members.
    """

    members: int
    down_after: Timer
    failover_timeout: Timer
    needed: int
    lag: Timer
    restart: Timer
    start: Timer
    answer: Timer
    look_up: Timer
    hung: Timer
    looks: Timer
    endpoint: Following | None
    persisted: bool
    synced: bool
    stable: bool
    together: bool = False

    def promises(self) -> Iterator[Promise]:
        """Every fault."""
        if self.members == 1:
            yield from self._alone()
            return
        killed = self._killed()
        if self._short:
            back = (self.restart, self.start, SERVER_START)
            yield Promise(fault="master killed", timers=(*killed, *back, *self._found()), loss=self._behind())
            yield Promise(fault="replica killed", timers=(*back, REPLICA, RETRY), loss=NOTHING)
            yield Promise(
                fault="host lost",
                loss=self._behind(),
                unbounded=f"until the host is back: a write needs {self.needed} replicas",
                fix="Lower `min_replicas.to_write`.",
            )
            stopped = (*self._switched(), *back, *self._found())
            yield Promise(fault="master stopped", timers=stopped, loss=NOTHING, planned=True)
            yield self._restarted()
            return
        yield Promise(fault="master killed", timers=(*killed, *self._found()), loss=self._behind())
        lost = (PING, self.down_after, *self._switched())
        silent = (self.answer, self.look_up, *self._found())
        if self.together:
            yield Promise(
                fault="host lost",
                loss=self._behind(),
                unbounded="until the host is back, if it has most of the members: they may share nodes",
                fix="Leave out `platform.share_nodes`.",
            )
        else:
            yield Promise(fault="host lost", timers=(*lost, *silent), loss=self._behind())
            yield Promise(
                fault="host lost, first vote split",
                timers=(*lost, *self._voted_again(), *silent),
                loss=self._behind(),
            )
        # It hands over first: nobody has to miss it, and writes wait until it is through.
        yield Promise(fault="master stopped", timers=(*self._switched(), *self._found()), loss=NOTHING, planned=True)
        yield self._restarted()

    def _killed(self) -> tuple[Timer, ...]:
        """Replaced; or back before the Sentinels miss it, and its replicas have to find it where it is now."""
        replaced = (self.down_after, *self._switched())
        if self.stable or not self.needed or self.down_after.millis <= self.restart.millis:
            return replaced
        return max(replaced, (self.hung, REPLICA), key=total)

    def _restarted(self) -> Promise:
        """Every container at once. At worst the Sentinels are back first, and their first vote is split."""
        waits = () if self.persisted else (EMPTY_PEERS,)
        named = () if self.stable else (NAMED,)
        up = (self.restart, self.start, self.looks, *waits, SERVER_START, *named)
        replaced = (self.down_after, *self._voted_again(), *self._switched())
        found = (RENEWED, self.hung, REPLICA) if self.needed else (RENEWED,)
        proxies = () if self.endpoint is None else (PROXY_READY,)
        return Promise(
            fault="everything restarted",
            timers=(*up, *max(replaced, found, key=total), *proxies, *self._found()),
            loss=self._behind() if self.persisted else _EMPTIED,
            everything=True,
        )

    def _voted_again(self) -> tuple[Timer, ...]:
        name, millis = "2 x failover_timeout", 2 * self.failover_timeout.millis
        return replace(self.failover_timeout, name=name, millis=millis), SPLIT_DESYNC

    def _switched(self) -> tuple[Timer, ...]:
        return (STEPS, SEEN, REPLICA) if self.needed else (STEPS, SEEN)

    @property
    def _short(self) -> bool:
        """Whether a new master has too few replicas until the lost member is back."""
        return self.needed > self.members - 2

    def _found(self) -> tuple[Timer, ...]:
        return (RETRY,) if self.endpoint is None else (self.endpoint.check, RETRY)

    def _behind(self) -> Loss:
        if not self.needed:
            return UNSEEN if self.persisted else _EMPTIED
        bound = self.lag.millis + LAG_ROUNDING_MILLIS
        fix = "Replication is asynchronous: what may not be lost belongs in a database."
        return Loss(millis=bound, fix=fix, disposable=not self.persisted)

    def _unsynced(self) -> Loss:
        if not self.persisted:
            return _EMPTIED
        return NOTHING if self.synced else Loss(millis=FSYNC_MILLIS, fix="Keep it in a database.")

    def _alone(self) -> Iterator[Promise]:
        follows = () if self.endpoint is None else (self.endpoint.name,)
        yield Promise(
            fault="master killed",
            timers=(self.restart, self.start, SERVER_START, *follows, *self._found()),
            loss=NOTHING if self.persisted else _EMPTIED,
        )
        yield Promise(
            fault="host lost",
            loss=self._unsynced(),
            unbounded="until the host is back: it has the only member",
            fix="Set `members: 3`.",
        )
