"""The settings of a Redis replication group."""

from typing import Literal

from pydantic import Field, model_validator

from components.contracts import Terms
from components.placement import Hosts, Members, PlacementSettings
from components.redis_sentinel.contract import sentinel_terms
from components.sizes import ResourcesSettings
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, Seconds

Role = Literal["broker", "cache", "session"]


class SentinelTimers(Settings):
    """When Sentinel declares the master down, and how long a failover may take."""

    down_after: Seconds
    failover: Seconds


TIMERS: dict[str, SentinelTimers] = {
    "fast": SentinelTimers(down_after=1, failover=5),
    "standard": SentinelTimers(down_after=5, failover=10),
}
"""Measured on a three-host Swarm with a killed master: `fast` 2.3 s without a lost write; `standard` 12.8 s with 17
lost writes, because a container that is back before `down_after` has a new address that Sentinel does not know."""


class RedisSettings(Settings):
    """One Redis replication group under Sentinel."""

    role: Role
    """`broker`: a queue, persisted, never evicts. `cache`: not persisted, evicts the least recently used.
    `session`: persisted, evicts what expires soonest."""
    members: Members = 3
    """Redis servers, and as many Sentinels: 1, or 3 to survive the loss of one."""
    hosts: Hosts = ()
    """Swarm: one host for each server, in the order of their numbers; default: the first of `platform.nodes`. The
    Sentinel of the same number runs on the same host. The first server is the first master: choose another host than
    that of a database's first member. A changed host moves the member: it copies its peers' data, and the old volume
    stays behind."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A move of all members, or of the only one, is refused unless this names all
    hosts that they leave."""
    maxmemory: MemoryBytes = 256 * 2**20
    """Most memory for data; the role decides what happens above it."""
    volume: MemoryBytes = Field(default=2 * 2**30, ge=64 * 2**20)
    """Size of each member's volume. If the role persists, at least twice `maxmemory`: a new file is written beside the
    old one."""
    resources: ResourcesSettings | None = None
    """CPU and memory of each Redis server; default 250m, and twice `maxmemory` (a fork writes the file), all of it
    reserved."""
    sentinel_resources: ResourcesSettings | None = None
    """CPU and memory of each Sentinel; default 100m and 64Mi, all of it reserved."""
    endpoint: bool = False
    """A plain address of the master (`HOST`, `PORT`, `URL`), for clients that do not speak Sentinel's protocol. A proxy
    follows the master and adds one network hop."""
    failover: Literal["fast", "standard"] = "fast"
    """Timers: `fast` detects a lost master after 1 s, `standard` after 5 s."""

    @model_validator(mode="after")
    def _memory_fits(self) -> "RedisSettings":
        if self.resources and self.resources.memory_limit < self.maxmemory * 3 // 2:
            raise ValueError("`resources.memory_limit` must be 1.5 times `maxmemory` or more: saving forks the process")
        if self.role != "cache" and self.volume < 2 * self.maxmemory:
            raise ValueError("`volume` must be twice `maxmemory` or more: a new file is written beside the old one")
        if self.maxmemory < 16 * 2**20:
            raise ValueError("`maxmemory` must be 16Mi or more")
        return self

    def terms(self) -> Terms:
        """What its contract holds."""
        return sentinel_terms(self.members, endpoint=self.endpoint)

    @property
    def timers(self) -> SentinelTimers:
        """The preset's timers."""
        return TIMERS[self.failover]

    @property
    def quorum(self) -> int:
        """Sentinels that must agree that the master is down: a majority."""
        return self.members // 2 + 1
