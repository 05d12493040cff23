"""A host that is cut off together with a client: what the client is told there must be there afterwards."""

from collections import Counter

from drills import caches
from drills.beside import VISITS, WRITES, Beside
from drills.errors import DrillError
from drills.faults.hosts import HostLostWithPrimary
from drills.stack import REPLICAS
from drills.waiting import wait_for

MOVES = 3
"""At most so many replicas are moved, until one is on the host."""


class Split(HostLostWithPrimary):
    """The primary goes on to answer its client, and may acknowledge only what others have, too."""

    name = "split"
    does = "the host with the primary is cut off together with a client, which goes on to write"
    path = WRITES

    def aim(self) -> None:
        super().aim()
        self._client = Beside(self.site.beside(self._replica()), self.path)
        wait_for("the client is served", lambda: self._client.acknowledged() > 0, seconds=30)

    def healed(self) -> bool:
        self._client.stop()
        return super().healed()

    def also_lost(self) -> int:
        return self._client.lost(self.url)

    def old_member(self) -> str:
        return f"{super().old_member()}; {self._client.acknowledged()} acknowledged to the client on the other side"

    def _replica(self) -> str:
        """One of the application on the host. Those of hosts that were lost went elsewhere, and stay there."""
        for _ in range(MOVES):
            found = {one: self.site.host_of(one) for one in self.site.replicas("web")}
            for replica, host in found.items():
                if host == self.host:
                    return replica
            crowded, _count = Counter(found.values()).most_common(1)[0]
            self.site.kill(next(one for one, host in found.items() if host == crowded))
            wait_for("the application is whole", lambda: len(self.site.replicas("web")) == REPLICAS, seconds=60)
        raise DrillError(f"no replica of the application comes to host {self.host + 1}, after {MOVES} were moved")


class SplitWithMaster(Split):
    """A master that hears of no replica goes on for `min-replicas-max-lag`: what it takes in that time is lost."""

    name = "split-with-master"
    does = "the host with the cache's master is cut off together with a client, which goes on to write"
    measures = "cache"
    promise = ("caches.sessions", "host lost")
    path = VISITS

    def choose(self) -> int:
        return self.site.host_of(self.site.member(caches.WORD, caches.master(self.site)))
