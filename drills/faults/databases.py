"""PostgreSQL and its store: no acknowledged write may be lost, for replication is synchronous."""

import time
from typing import ClassVar

from drills import databases
from drills.errors import DrillError
from drills.fault import Fault
from drills.stack import MEMBERS

COMPONENT = "databases.main"
HELD_SECONDS = 45
"""`ttl` is 30 s by default, and Patroni looks every 10 s."""
LAGGING_SECONDS = 15


class OfDatabase(Fault):
    """The database and its store are whole, before and after."""

    ordinal = 0
    """Of the member that is hit."""

    def well(self) -> bool:
        for word in (databases.STORE, databases.WORD):
            if (ready := len(self.site.ready_members(word))) != MEMBERS:
                raise LookupError(f"{word}: {ready} ready")
        databases.require_store_well(self.site)
        databases.require_well(self.site)
        return True

    def old_member(self) -> str:
        name = f"{databases.WORD}-{self.ordinal}"
        return f"{name}: {databases.roles(self.site).get(name, 'away')}"

    def _take(self, word: str, ordinal: int) -> str:
        """Aim at a member."""
        self.ordinal = ordinal
        replica = self.site.member(word, ordinal)
        self.hit = self.site.containers_of(replica)
        return replica


class PostgresKilled(OfDatabase):
    name = "postgres-killed"
    does = "the primary's container is killed"
    healed_by = "the orchestrator starts it again"
    promise = (COMPONENT, "primary killed")

    def aim(self) -> None:
        self.replica = self._take(databases.WORD, databases.of_role(self.site, "leader"))

    def inject(self) -> None:
        self.site.kill(self.replica)


class Switchover(OfDatabase):
    name = "switchover"
    does = "`make switchover` lets another member lead"
    healed_by = "nothing has to be"
    promise = (COMPONENT, "switchover")

    def aim(self) -> None:
        self.ordinal = databases.of_role(self.site, "leader")

    def inject(self) -> None:
        self.said = self.site.deployment.command("switchover", "main")
        if self.said.code:
            raise DrillError(f"the switchover failed: {self.said.text}")


class StoreMemberKilled(OfDatabase):
    """It may be the store's leader: Patroni tries for `retry_timeout`, longer than an election takes."""

    name = "store-member-killed"
    does = "one member of the database's store is killed"
    healed_by = "the orchestrator starts it again"

    def aim(self) -> None:
        self.replica = self._take(databases.STORE, 1)

    def inject(self) -> None:
        self.site.kill(self.replica)

    def old_member(self) -> str:
        return f"{databases.STORE}-{self.ordinal}: healthy"


class StoreMajorityLost(OfDatabase):
    """The primary goes on while every other member tells it that it follows (`failsafe_mode`)."""

    name = "store-majority-lost"
    does = f"two members of the database's store are stopped for {HELD_SECONDS} s, longer than the primary's lock lasts"
    healed_by = "they are started again"

    def aim(self) -> None:
        self.ordinal = databases.of_role(self.site, "leader")
        for ordinal in range(1, MEMBERS):
            self.hit |= self.site.containers_of(self.site.member(databases.STORE, ordinal))

    def inject(self) -> None:
        self.site.hold_down(databases.STORE, 2)
        time.sleep(HELD_SECONDS)  # it is the fault

    def heal(self) -> None:
        self.site.hold_down(databases.STORE, 0)


class ReplicaLags(OfDatabase):
    """Nobody waits for it: another member is the synchronous standby."""

    name = "replica-lags"
    does = f"a replica that is not the synchronous standby replays nothing for {LAGGING_SECONDS} s"
    healed_by = "it goes on"

    def aim(self) -> None:
        self.ordinal = databases.of_role(self.site, "replica")
        self.replica = self.site.member(databases.WORD, self.ordinal)

    def inject(self) -> None:
        startup = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'"
        self.pid = databases.query(self.site, self.replica, startup)
        self._signal("STOP")  # replay that is paused by SQL is resumed by Patroni when it looks next
        try:
            time.sleep(LAGGING_SECONDS)  # it is the fault
            behind = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
            self.behind = int(databases.query(self.site, self.replica, behind))
        finally:
            self._signal("CONT")
        if not self.behind:
            raise DrillError("the replica was not behind")

    def _signal(self, name: str) -> None:
        self.site.run_in(self.replica, ["sh", "-c", f"kill -{name} {self.pid}"])

    def old_member(self) -> str:
        return f"{databases.WORD}-{self.ordinal}: {self.behind} bytes behind"


class VolumeDeleted(OfDatabase):
    """The primary waits for the other one as soon as Patroni has named it."""

    name = "volume-deleted"
    does = "the synchronous standby stops, and its volume is deleted"
    healed_by = "it clones the primary"
    promise = (COMPONENT, "standby killed")
    seconds: ClassVar[float] = 300

    def aim(self) -> None:
        self._take(databases.WORD, databases.of_role(self.site, "sync_standby"))

    def inject(self) -> None:
        self.site.lose_volume(databases.WORD, self.ordinal)
