"""The settings of a Redis cluster."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from components.contracts import Terms
from components.parameters import ParameterValue
from components.placement import PlacementSettings, named_once
from components.redis.parameters import size_of
from components.redis_cluster.acl import AppCommand
from components.redis_cluster.contract import cluster_terms
from components.redis_cluster.owned import ParameterName
from components.redis_cluster.tls import ClusterTlsSettings
from components.sizes import ResourcesSettings, reserved
from guarantees.objectives import ObjectivesSettings
from model import Resources
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, Milliseconds

Role = Literal["cache", "session", "store"]
_DEFAULT_CPU_MILLIS = 250


def _masters(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    if isinstance(value, int) and value < 3:
        raise ValueError(
            "must be 3 or more: most of the masters decide that one is lost, and two cannot outvote anybody"
        )
    return value


def _replicas(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be 1 or 2")
    if value == 0:
        raise ValueError("must be 1 or 2: the keys of a master without a replica are gone with it")
    return value


def _hosts_of_a_shard(hosts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    replicas = info.data.get("replicas")
    if hosts and replicas is not None and len(hosts) < 1 + replicas:
        raise ValueError(f"name {1 + replicas} hosts or more: a master and its replica on one host are lost together")
    return named_once(hosts)


class ClusterSettings(Settings):
    """One Redis cluster: keys are spread over shards, each with a master and replicas."""

    server: Literal["valkey", "redis"] = "valkey"
    """`valkey`: Valkey, under the BSD licence. `redis`: Redis 8, under the AGPL and two licences of its own. Clients
    and configuration are the same."""
    role: Role
    """`cache`: not persisted, evicts the least recently used. `session`: persisted, evicts what expires soonest.
    `store`: persisted, never evicts."""
    masters: Annotated[int, Field(le=48, strict=True), BeforeValidator(_masters)] = 3
    """Masters, each with its part of the keys: 3 or more. There can be more later, and then a part of the keys moves to
    the new one while clients go on; never fewer. Four on three hosts do not survive the loss of the host that has two:
    take three, five or more, or name a fourth host."""
    replicas: Annotated[Literal[1, 2], BeforeValidator(_replicas)] = 1
    """Replicas of each master: 1, or 2. It stays as it is."""
    hosts: Annotated[tuple[Hostname, ...], AfterValidator(_hosts_of_a_shard)] = ()
    """Swarm: the hosts that members run on, in turn: the first master on the first one and its replica on the second,
    the second master on the second one, and so on. Default: the first three of `platform.nodes`. A changed host moves
    members: a shard copies its own data, and at least one member of it has to stay."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A move of all members of a shard is refused unless this names all hosts that
    they leave."""
    maxmemory: MemoryBytes = 256 * 2**20
    """Most memory for the data of each master; the role decides what happens above it."""
    volume: MemoryBytes = Field(default=2 * 2**30, ge=64 * 2**20)
    """Size of each member's volume. If the role persists, at least twice `maxmemory`: a new file is written beside the
    old one."""
    resources: ResourcesSettings | None = None
    """CPU and memory of each member; default 250m, and twice `maxmemory` (a fork writes the file), all of it
    reserved."""
    tls: ClusterTlsSettings | None = None
    """Encryption. Default: none. A cluster that runs keeps what it began with."""
    node_timeout: Annotated[Milliseconds, Field(ge=1000, le=60_000)] = 5000
    """A member that does not answer for so long is missed; when most masters miss a master, a replica takes its place.
    A long pause of a busy host must be shorter. Default: 5s."""
    app_commands: tuple[AppCommand, ...] = ()
    """Commands that Redis calls dangerous and that applications may use nevertheless (`keys`, `sort`). Those that
    change the server are never given."""
    objectives: ObjectivesSettings = ObjectivesSettings()
    """What has to hold when something is lost; where it says nothing, the stack's `objectives` do."""
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict, max_length=100)
    """Parameters of Redis by name (`io-threads: 4`). A change restarts the members one at a time. What the platform
    decides (ports, files, passwords, replication, what follows from `role`) is refused."""

    @model_validator(mode="after")
    def _memory_fits(self) -> "ClusterSettings":
        problems = []
        if self.resources and self.resources.memory_limit < self.maxmemory * 3 // 2:
            problems.append("`resources.memory_limit` must be 1.5 times `maxmemory` or more: saving forks the process")
        if self.persisted and self.volume < 2 * self.maxmemory:
            problems.append("`volume` must be twice `maxmemory` or more: a new file is written beside the old one")
        if self.maxmemory < 16 * 2**20:
            problems.append("`maxmemory` must be 16Mi or more")
        if (size_of(self.parameters.get("repl-backlog-size", "0")) or 0) > self.maxmemory // 2:
            problems.append(
                "`parameters.repl-backlog-size` must be half of `maxmemory` or less: it is kept beside the data"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def terms(self) -> Terms:
        """What its contract holds."""
        return cluster_terms(self.masters * (1 + self.replicas), self.tls)

    @property
    def persisted(self) -> bool:
        """Whether what is written is on disk."""
        return self.role != "cache"

    @property
    def evicts(self) -> bool:
        """Whether it makes room where `maxmemory` is reached; else it refuses writes."""
        return self.role != "store"

    @property
    def majority(self) -> int:
        """Masters that must agree that one is lost."""
        return self.masters // 2 + 1

    @property
    def member_resources(self) -> Resources:
        """Of each member."""
        if self.resources:
            return self.resources.resources()
        return reserved(cpu_millis=_DEFAULT_CPU_MILLIS, memory_bytes=self.maxmemory * 2)

    def hosts_of(self, shard: int) -> tuple[str, ...]:
        """The named hosts of the members of one shard, its home first; none where none are named."""
        return (
            tuple(self.hosts[(shard + member) % len(self.hosts)] for member in range(1 + self.replicas))
            if (self.hosts)
            else ()
        )

    @property
    def grows(self) -> dict[str, int]:
        """What can only get more: a shard that goes would take its keys with it."""
        return {"masters": self.masters}

    @property
    def fixed(self) -> dict[str, str]:
        """What stays as it was at the first start."""
        return {"replicas": str(self.replicas), "tls": "required" if self.tls else "none"}
