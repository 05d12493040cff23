"""A host whose link goes down, and comes back when the others serve again. Clients come through another host."""

import time
from collections.abc import Mapping
from typing import ClassVar

from drills import brokers, caches, databases
from drills.fault import Fault
from drills.health import healthy
from drills.loads import written
from drills.site import Site
from drills.swarm_site import SwarmSite
from drills.waiting import wait_for

NOTICED_SECONDS, SERVED_SECONDS, QUIET_SECONDS = 120, 180, 20


class HostLost(Fault):
    """Whatever else is on it goes, too: the synchronous standby perhaps, a master of the cache, a proxy."""

    name = "host-lost"
    does = "a host without the primary is cut off, until the platform has noticed and writes go on"
    healed_by = "its link comes back"
    promise = ("databases.main", "host lost")
    tight = False
    seconds = 420

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.host, self.ran, self.since = 0, set[str](), 0.0

    def well(self) -> bool:
        if len(self.site.ready_hosts()) < 3:
            raise LookupError(f"ready hosts: {self.site.ready_hosts()}")
        return healthy(self.site)

    def healed(self) -> bool:
        """A Swarm replaces what ran on a host that comes back, a while after that: nothing has come or gone lately."""
        ran = set(self.site.running())
        if ran != self.ran:
            self.ran, self.since = ran, time.monotonic()
        if (quiet := time.monotonic() - self.since) < QUIET_SECONDS:
            raise LookupError(f"containers came or went {quiet:.0f} s ago")
        return super().healed()

    def aim(self) -> None:
        self.host = self.choose()
        self.url = self.site.entry_beside(self.host)

    def choose(self) -> int:
        """The one with neither the primary nor, on a Swarm, its leader."""
        busy = [self._primary()]
        if isinstance(self.site, SwarmSite):
            busy.append(self.site.leader)
        return next(host for host in (2, 1, 0) if host not in busy)

    def inject(self) -> None:
        self.site.cut(self.host)

    def heal(self) -> None:
        try:
            wait_for("it is noticed", lambda: self.host not in self.site.ready_hosts(), seconds=NOTICED_SECONDS)
            wait_for("writes go on", self.goes_on, seconds=SERVED_SECONDS)
        finally:
            self.site.join(self.host)

    def goes_on(self) -> bool:
        """Whether the others serve again."""
        return written(self.url)

    def old_member(self) -> str:
        return ", ".join(f"{name}: {role}" for name, role in sorted(databases.roles(self.site).items()))

    def _primary(self) -> int:
        member = self.site.member(databases.WORD, databases.of_role(self.site, "leader"))
        return self.site.host_of(member)


class HostLostWithPrimary(HostLost):
    name = "host-lost-with-primary"
    does = "the host with the primary is cut off, until the platform has noticed and writes go on"
    tight = True

    def choose(self) -> int:
        return self._primary()


class HostLostWithSwarmLeader(HostLost):
    name = "host-lost-with-swarm-leader"
    does = "the host that leads the Swarm is cut off, until the others have noticed and writes go on"
    not_on: ClassVar[Mapping[str, str]] = {"kubernetes": "no node leads the others: the control plane is beside them"}

    def choose(self) -> int:
        assert isinstance(self.site, SwarmSite)
        return self.site.leader


class HostLostWithMaster(HostLost):
    """The Sentinels promote a replica, and clients wait for an answer that does not come before they ask them."""

    name = "host-lost-with-master"
    does = "the host with the cache's master is cut off, until the platform has noticed and writes go on"
    measures = "cache"
    promise = ("caches.sessions", "host lost")
    tight = True

    def choose(self) -> int:
        self.ordinal = caches.master(self.site)
        return self.site.host_of(self.site.member(caches.WORD, self.ordinal))

    def old_member(self) -> str:
        return caches.role(self.site, self.ordinal)


class HostLostWithQueueLeader(HostLost):
    """Nobody closes the connections: the other nodes, and clients, wait for what does not come."""

    name = "host-lost-with-queue-leader"
    does = "the host with the leader of a queue is cut off, until the platform has noticed and messages go on"
    measures = "broker"
    promise = ("brokers.tasks", "host lost")
    tight = True

    def well(self) -> bool:
        brokers.require_well(self.site)
        return super().well()

    def choose(self) -> int:
        self.ordinal = brokers.leader(self.site)
        return self.site.host_of(self.site.member(brokers.WORD, self.ordinal))

    def goes_on(self) -> bool:
        return super().goes_on() and written(self.url, "/messages")

    def old_member(self) -> str:
        return f"{brokers.WORD}-{self.ordinal}: has its copy again"
