"""PostgreSQL under Patroni with etcd: the failover budget.

One fault at a time, from a cluster whose members are healthy. Read in Patroni 4.1 (`ha.py`, `dcs/etcd3.py`, `api.py`)
and etcd 3.5 (`lease/lessor.go`); what a server needs for its start and its promotion is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from guarantees.client import RETRY
from guarantees.loss import NOTHING, Loss
from guarantees.promise import Promise
from guarantees.proxy import Following, Pooling
from guarantees.timer import Timer, total

PATRONI_START = Timer(
    name="Patroni's start", millis=2_000, source="measured: a killed container served again 1.8 s after its start"
)
SERVER_START = Timer(
    name="server's start",
    millis=2_000,
    source="measured: with a recovery of little, less than 2 s; `primary_start` bounds it",
)
HAND_OVER = Timer(
    name="hand-over",
    millis=3_000,
    source="measured: a fast stop after a checkpoint, less than 1 s, and 2.2 s of Patroni's own until the key is free",
)
PROMOTION = Timer(name="promotion", millis=1_000, source="measured: less than 1 s")
SILENT_MEMBER = Timer(
    name="silent member", millis=2_000, source="Patroni asks every member before it takes the lock, each for 2 s"
)
STORE_ELECTION = Timer(
    name="store's election",
    millis=2_000,
    source="etcd's default election timeout is 1 s, and a member waits for one to two of it",
)
LEASE_EXTENSION = Timer(
    name="lease's extension",
    millis=1_500,
    source="a new leader of etcd starts every lease again and adds an election timeout (1 s); it looks every 0.5 s",
)

REPLACEMENT = Timer(
    name="standby's replacement",
    millis=1_000,
    source="Patroni writes the new synchronous standby to the store and reloads the server, less than 1 s",
)

_LOOKS, _MOST_MILLIS = 4, 1_000
"""Looks in the time after which the lock is taken, and the longest time between two."""


def _between(release: Timer) -> int:
    """Milliseconds from one look to the next."""
    return min(_MOST_MILLIS, release.millis // _LOOKS)


def _looks(every: int, *, store: int = 1_500) -> Timer:
    """`store`: how long they wait for a member of the store."""
    source = f"the first begins up to {every} ms late, the last ends up to as much later"
    if store:
        source += f", and a member of the store that is lost with the host takes {store / 1000:g} s once"
    return Timer(name="members' looks", millis=2 * every + store, source=source)


def _wake(every: int) -> Timer:
    return Timer(name="wake", millis=every, source=f"each member looks every {every} ms, and then wakes its Patroni")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The timers as they are rendered. A replica that is further behind than `lag_bytes`, by what was recorded last
    (every `loop_wait`), is not promoted. `restart` is how long the orchestrator waits before it starts a container
    again, and `start` how long that takes; `connect` how long a client waits for a connection, `look_up` for a name
    whose container is gone, `sender` how long a server waits for a silent replica (0: for ever). `pooler`: clients come
    through one. `synchronous`: a write is acknowledged when a replica has it; `strict`: also while there is none.
    `release`: after how long the replicas take the lock from a primary that does not answer. `together`: one host may
    have several members.
    """

    members: int
    store_members: int
    synchronous: bool
    strict: bool
    ttl: Timer
    loop_wait: Timer
    retry_timeout: Timer
    primary_start: Timer
    lag_bytes: int
    restart: Timer
    start: Timer
    proxy: Following
    sender: Timer
    connect: Timer
    look_up: Timer
    pooler: Pooling | None = None
    release: Timer | None = None
    together: bool = False

    @property
    def found(self) -> tuple[Timer, ...]:
        """Until clients write again, once a primary serves."""
        return (self.proxy.check, *self._pooled, RETRY)

    @property
    def _pooled(self) -> tuple[Timer, ...]:
        return (self.pooler.login,) if self.pooler else ()

    def promises(self) -> Iterator[Promise]:
        """Every fault."""
        back = (self.restart, self.start, PATRONI_START)
        yield Promise(fault="primary killed", timers=self._killed(back), loss=NOTHING)
        yield Promise(fault="server process killed", timers=(self.loop_wait, SERVER_START, *self.found), loss=NOTHING)
        if self.members == 1:
            yield Promise(
                fault="host lost",
                loss=NOTHING,
                unbounded="until the host is back: it has the only member",
                fix="Set `members: 3`.",
            )
            return
        if self.strict and self.members == 2:
            for fault in ("primary killed, slow recovery", "host lost", "standby killed", "standby's host lost"):
                yield Promise(
                    fault=fault,
                    loss=NOTHING,
                    unbounded="until it is back: `strict` waits for the only replica",
                    fix="Set `members: 3`.",
                )
            yield self._switchover()
            return
        yield Promise(
            fault="primary killed, slow recovery",
            timers=(*back, self.primary_start, self.loop_wait, PROMOTION, *self.found),
            loss=self._behind(cut_off=False),
        )
        yield self._host_lost()
        if self.synchronous:
            yield from self._standby_lost()
        yield self._switchover()

    def _killed(self, back: tuple[Timer, ...]) -> tuple[Timer, ...]:
        """It starts again, and leads on. Where the replicas may take its lock before `back` has passed: it is back just
        in time to keep the lock, or one of them leads."""
        serves = (SERVER_START, self.proxy.name, *self.found)
        if self.release is None or total(back) <= self.release.millis:
            return (*back, *serves)
        every = _between(self.release)
        taken = (self.release, _looks(every, store=0))
        kept = (*taken, *serves)
        replaced = (*taken, _wake(every), SILENT_MEMBER, PROMOTION, *self.found)
        return max(kept, replaced, key=total)

    def _standby_lost(self) -> Iterator[Promise]:
        """The synchronous one: writes wait until Patroni has named another, or none is left to wait for."""
        yield Promise(fault="standby killed", timers=(self.loop_wait, REPLACEMENT), loss=NOTHING)
        lost = "standby's host lost"
        if not self.sender.millis:
            yield Promise(
                fault=lost,
                loss=NOTHING,
                unbounded="until the host is back: its server waits for it for ever",
                fix=f"Set `{self.sender.setting}` to seconds.",
            )
        elif not self.together and self.store_members > 1:  # otherwise it is as any host that is lost
            timers = (self.sender, STORE_ELECTION, self._asked, self.loop_wait, REPLACEMENT)
            yield Promise(fault=lost, timers=timers, loss=NOTHING)

    @property
    def _asked(self) -> Timer:
        return replace(
            self.retry_timeout,
            name="lost member of the store",
            millis=ceil(self.retry_timeout.millis / self.store_members / 100) * 100,
            source="Patroni waits for each member of the store for its share of `failover.retry_timeout`",
        )

    @property
    def _free(self) -> tuple[Timer, ...]:
        """From the primary's loss until a replica's Patroni sees that nobody has the lock."""
        if self.release is None:
            return (LEASE_EXTENSION, self.ttl, self.loop_wait)
        # It is woken from the first silent look on, and asks another member of the store before the lock is gone.
        every = _between(self.release)
        woken = (_wake(every), self._asked)
        return (self.release, _looks(every), *min((self.loop_wait,), woken, key=total))

    def _switchover(self) -> Promise:
        pause = (self.pooler.pause,) if self.pooler and self.pooler.pause.millis else ()
        timers = (*pause, HAND_OVER, PROMOTION, *self.found)
        return Promise(fault="switchover", timers=timers, loss=NOTHING, planned=True)

    def _host_lost(self) -> Promise:
        """With the primary, a proxy and the store's leader on it, right after the primary renewed its lock."""
        if self.together:
            return Promise(
                fault="host lost",
                loss=self._behind(cut_off=True),
                unbounded="until the host is back, if it has most members of the store: they may share nodes",
                fix="Leave out `platform.share_nodes`.",
            )
        if self.store_members == 1:
            return Promise(
                fault="host lost",
                loss=self._behind(cut_off=True),
                unbounded="until the host is back, if it has the store's only member",
                fix="Give the store three members.",
            )
        found = (self.pooler.connect, self.connect) if self.pooler else (self.connect,)
        return Promise(
            fault="host lost",
            timers=(
                *(STORE_ELECTION, *self._free, SILENT_MEMBER, PROMOTION),
                *(self.look_up, self.proxy.check, *self._pooled, *found, RETRY),
            ),
            loss=self._behind(cut_off=True),
        )

    def _behind(self, *, cut_off: bool) -> Loss:
        """A primary that reaches nobody looks at the cluster, tries for `retry_timeout`, asks the others once more (2 s
        each, at the same time), and stops."""
        if self.synchronous:
            return NOTHING
        alone = self.loop_wait.millis + self.retry_timeout.millis + SILENT_MEMBER.millis
        return Loss(
            millis=self.loop_wait.millis,
            behind_bytes=self.lag_bytes,
            cut_off_millis=alone if cut_off else 0,
            fix="Set `synchronous`.",
        )
