"""The settings of a Redis replication group."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from components.contracts import Terms
from components.copies.settings import CopiesSettings
from components.parameters import ParameterValue
from components.placement import Hosts, Members, PlacementSettings
from components.redis.parameters import size_of
from components.redis_sentinel.acl import AppCommand
from components.redis_sentinel.contract import sentinel_terms
from components.redis_sentinel.owned import ParameterName
from components.redis_sentinel.timers import MAX_LAG_SECONDS
from components.redis_sentinel.tls import CacheTlsSettings
from components.rotation import RotateSettings
from components.sizes import ResourcesSettings
from guarantees.objectives import ObjectivesSettings
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, Milliseconds, Seconds, duration_text

Role = Literal["broker", "cache", "lock", "session"]


@dataclass(frozen=True, kw_only=True)
class SentinelTimers:
    """When Sentinel declares the master down, how long a failover may take, and how many replicas copy a new master at
    once."""

    down_after_ms: int
    failover_seconds: int
    parallel_syncs: int = 1


TIMERS: dict[str, SentinelTimers] = {
    "fast": SentinelTimers(down_after_ms=1000, failover_seconds=5),
    "standard": SentinelTimers(down_after_ms=5000, failover_seconds=10),
}
"""`standard` misses a master later; one that is back before stays the master, also at another address."""


class TimersSettings(Settings):
    """Sentinel's timers one by one."""

    down_after: Annotated[Milliseconds, Field(ge=500, le=300_000)] | None = None
    """A master that does not answer for so long is lost. Default: as `failover` says. A long pause of a busy host must
    be shorter."""
    failover_timeout: Annotated[Seconds, Field(ge=1, le=3600)] | None = None
    """How long a failover may take before another Sentinel tries; longer than `down_after`. Default: as `failover`
    says."""
    parallel_syncs: int = Field(default=1, ge=1, le=2, strict=True)
    """Replicas that copy a new master at the same time; they do not answer meanwhile."""


class MinReplicasSettings(Settings):
    """When a master takes writes."""

    to_write: Annotated[int, Field(ge=0, le=2, strict=True)] | None = None
    """Replicas that must be in reach for a write to be accepted; `0`: none, and a master that is cut off goes on taking
    writes that are lost. Default: 1, and 0 for a `cache` or one member. With 2 of 3 members no write is accepted while
    any one of them is away."""
    max_lag: Annotated[Seconds, Field(ge=2, le=10)] | None = None
    """A replica is in reach while it answered not longer ago. What clients on the side of a master that is cut off may
    lose follows from it. Default: 3s."""


class RedisSettings(Settings):
    """One Redis replication group under Sentinel."""

    server: Literal["valkey", "redis"] = "valkey"
    """`valkey`: Valkey, under the BSD licence. `redis`: Redis 8, under the AGPL and two licences of its own. Clients
    and configuration are the same. Both read data of Redis 7.2 and older; Valkey does not read that of Redis 8."""
    role: Role
    """`broker`: a queue, persisted, never evicts. `cache`: not persisted, evicts the least recently used. `lock`: locks
    that processes share, on disk before they are acknowledged, never evicts. `session`: persisted, evicts what expires
    soonest."""
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
    backups: CopiesSettings | None = None
    """Copies of all keys and functions in a repository. Default: none. Not for `cache`, whose content can be lost."""
    tls: CacheTlsSettings | None = None
    """Encryption. Default: none. A group that runs keeps what it began with."""
    failover: Literal["fast", "standard"] = "fast"
    """Timers: `fast` detects a lost master after 1 s, `standard` after 5 s."""
    timers: TimersSettings = TimersSettings()
    """Own timers in place of those that `failover` chooses."""
    default_user: Literal["apps", "parts", "off"] = "parts"
    """Who logs in without a user's name, and may do everything. `apps`: every application, with one password. `parts`:
    only the servers among themselves, and what was deployed before applications had users of their own. `off`: nobody,
    and for good; for a group that runs already, after one update with `parts`."""
    app_commands: tuple[AppCommand, ...] = ()
    """Commands that Redis calls dangerous and that applications may use nevertheless (`keys`, `sort`). Those that
    change the server are never given."""
    min_replicas: MinReplicasSettings = MinReplicasSettings()
    """How many replicas must be in reach for a write to be accepted."""
    master_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")] = "main"
    """What the Sentinels call the group, for clients that insist on a name (`mymaster`). It cannot be changed after the
    first start."""
    rotate: RotateSettings = RotateSettings()
    """New passwords in place of those that applications have. The members restart one at a time for it, with a
    hand-over."""
    objectives: ObjectivesSettings = ObjectivesSettings()
    """What has to hold when something is lost; where it says nothing, the stack's `objectives` do."""
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict, max_length=100)
    """Parameters of Redis by name (`io-threads: 4`). A change restarts the members one at a time. What the platform
    decides (ports, files, passwords, replication, what follows from `role`) is refused."""

    @model_validator(mode="after")
    def _memory_fits(self) -> "RedisSettings":
        if self.resources and self.resources.memory_limit < self.maxmemory * 3 // 2:
            raise ValueError("`resources.memory_limit` must be 1.5 times `maxmemory` or more: saving forks the process")
        if self.role != "cache" and self.volume < 2 * self.maxmemory:
            raise ValueError("`volume` must be twice `maxmemory` or more: a new file is written beside the old one")
        if self.maxmemory < 16 * 2**20:
            raise ValueError("`maxmemory` must be 16Mi or more")
        if (size_of(self.parameters.get("repl-backlog-size", "0")) or 0) > self.maxmemory // 2:
            raise ValueError(
                "`parameters.repl-backlog-size` must be half of `maxmemory` or less: it is kept beside the data"
            )
        return self

    @model_validator(mode="after")
    def _copies_what_is_kept(self) -> "RedisSettings":
        if self.backups is not None and self.role == "cache":
            raise ValueError("`backups` are for roles that persist: a `cache` is empty after each start. Leave it out")
        return self

    @model_validator(mode="after")
    def _rotation_has_users(self) -> "RedisSettings":
        if self.rotate.former and self.default_user == "apps":
            raise ValueError(
                "`rotate.passwords` needs a user for each application, and with `default_user: apps` all of them are "
                "the same one: write `parts`, `up`, and raise the counter then"
            )
        return self

    @model_validator(mode="after")
    def _timers_fit(self) -> "RedisSettings":
        timers = self.sentinel_timers
        if timers.failover_seconds * 1000 <= timers.down_after_ms:
            raise ValueError(
                f"`timers.failover_timeout` ({timers.failover_seconds}s) must be longer than `timers.down_after` "
                f"({duration_text(timers.down_after_ms)})"
            )
        return self

    def terms(self) -> Terms:
        """What its contract holds."""
        terms = sentinel_terms(self.members, endpoint=self.endpoint, named=self.default_user != "apps", tls=self.tls)
        if self.role == "cache":
            lost = (
                "leads a queue into a `role: cache`, which evicts tasks when it is full and loses all at a restart of "
            )
            return replace(terms, unfit={"celery": f"{lost}everything: a queue belongs in a `role: broker`"})
        if self.role != "lock":
            return terms
        # A queue that fills the memory would let nobody lock.
        return replace(terms, presets={name: texts for name, texts in terms.presets.items() if name != "celery"})

    @property
    def sentinel_timers(self) -> SentinelTimers:
        """The preset's timers, and the stack file's own."""
        own, preset = self.timers, TIMERS[self.failover]
        return SentinelTimers(
            down_after_ms=preset.down_after_ms if own.down_after is None else own.down_after,
            failover_seconds=preset.failover_seconds if own.failover_timeout is None else own.failover_timeout,
            parallel_syncs=own.parallel_syncs,
        )

    @property
    def evicts(self) -> bool:
        """Whether it makes room where `maxmemory` is reached; else it refuses writes."""
        return self.role in ("cache", "session")

    @property
    def replicas_to_write(self) -> int:
        """Replicas that must be in reach for a write to be accepted."""
        wanted = self.min_replicas.to_write
        if wanted is None:
            return 0 if self.members == 1 or self.role == "cache" else 1
        return wanted

    @property
    def max_lag_seconds(self) -> int:
        """How long ago a replica that is in reach answered at most."""
        return MAX_LAG_SECONDS if self.min_replicas.max_lag is None else self.min_replicas.max_lag

    @property
    def quorum(self) -> int:
        """Sentinels that must agree that the master is down: a majority."""
        return self.members // 2 + 1
