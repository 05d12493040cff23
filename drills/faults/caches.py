"""Redis or Valkey under Sentinel: what may be lost is promised, too."""

from drills import caches
from drills.fault import Fault
from drills.stack import MEMBERS

COMPONENT = "caches.sessions"


class _OfMaster(Fault):
    measures = "cache"

    def well(self) -> bool:
        for word in (caches.WORD, caches.SENTINEL):
            if (ready := len(self.site.ready_members(word))) != MEMBERS:
                raise LookupError(f"{word}: {ready} ready")
        caches.require_well(self.site)
        return True

    def aim(self) -> None:
        self.ordinal = caches.master(self.site)
        self.replica = self.site.member(caches.WORD, self.ordinal)
        self.hit = self.site.containers_of(self.replica)

    def old_member(self) -> str:
        return caches.role(self.site, self.ordinal)


class RedisKilled(_OfMaster):
    name = "redis-killed"
    does = "the master's container is killed"
    healed_by = "the Sentinels promote a replica, if the orchestrator has not started the master before"
    promise = (COMPONENT, "master killed")

    def inject(self) -> None:
        self.site.kill(self.replica)


class RedisStopped(_OfMaster):
    name = "redis-stopped"
    does = "the master is asked to stop, as an update does it"
    healed_by = "it hands over first; the orchestrator starts it again"
    promise = (COMPONENT, "master stopped")

    def inject(self) -> None:
        self.site.stop(self.replica)
