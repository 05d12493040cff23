"""The settings of a PostgreSQL cluster."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from components.contracts import Terms
from components.parameters import ParameterValue
from components.placement import Hosts, PlacementSettings, named_once, voters
from components.postgres_ha.backup_settings import BackupSettings
from components.postgres_ha.backup_settings import problems as backup_problems
from components.postgres_ha.contract import database_terms
from components.postgres_ha.dump_settings import DumpSettings
from components.postgres_ha.logins import problems as login_problems
from components.postgres_ha.owned import ParameterName
from components.postgres_ha.parameters import shared_buffers_bytes
from components.postgres_ha.pooler_settings import CONSOLE, PoolerSettings
from components.postgres_ha.restore_settings import RestoreFromSettings
from components.postgres_ha.roles import Identifier, RoleSettings, levels, reserved
from components.postgres_ha.roles import problems as role_problems
from components.postgres_ha.tls import DatabaseTlsSettings
from components.rotation import RotateSettings
from components.sizes import ResourcesSettings
from guarantees.objectives import ObjectivesSettings
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, Seconds


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Members = Annotated[Literal[1, 2, 3, 5], BeforeValidator(_number)]
"""How many servers a cluster has."""

StoreMembers = Annotated[Literal[1, 3, 5], BeforeValidator(_number)]
"""Members of a consensus store: an even one survives no more losses than the next smaller odd one."""


def _switch(value: object) -> object:
    known = {"on": True, "off": False, "strict": "strict"}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in known:
        raise ValueError("must be `off`, `on` or `strict`")
    return known[value]


Synchronous = Annotated[bool | Literal["strict"], BeforeValidator(_switch)]
"""Whether a write waits for a replica. YAML reads a bare `on` as true."""

ExtensionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
"""As `pg_available_extensions` has it."""

_DEFAULT_MEMORY = 2 * 2**30
_SERVER_MEMORY = 84 * 2**20
"""PostgreSQL and Patroni without clients, as measured."""
_CONNECTION_MEMORY = 2 * 2**20
"""An estimate of what a connection's process takes for itself while it does little: queries that sort or join take
`work_mem` (4 MB) on top, so this refuses only what cannot work."""
_OWN_DATABASES = frozenset({"postgres", "template0", "template1"})


def _named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("each extension is named once")
    return names


Extensions = Annotated[tuple[ExtensionName, ...], AfterValidator(_named_once)]


class StoreSettings(Settings):
    """The consensus store, which says who the primary is."""

    members: StoreMembers | None = None
    """Its members, each on a host of its own: 3 survive the loss of one, 5 of two. Default: as many as the servers, and
    3 for 2. It is fixed at the first start."""
    hosts: Annotated[tuple[Hostname, ...], AfterValidator(named_once)] = ()
    """Swarm: one host for each of its members, in the order of their numbers. Default: the servers' hosts."""

    @model_validator(mode="after")
    def _a_host_each(self) -> "StoreSettings":
        if self.hosts and self.members != len(self.hosts):
            raise ValueError(f"`hosts` names {len(self.hosts)} and `members` is {self.members or 'not said'}: say both")
        return self


class FailoverSettings(Settings):
    """Patroni's timers: how long a lost primary keeps its lock, and so the longest write outage when a host is lost.
    A change restarts nothing.

    Patroni 4.1 rewrites timers that do not fit each other with no more than a log line; here they are refused.
    """

    ttl: Seconds = Field(default=30, ge=20, le=300)
    """Life of the leader lock. Patroni refuses less than 20 s."""
    loop_wait: Seconds = Field(default=10, ge=1, le=100)
    """Time between two looks at the cluster."""
    retry_timeout: Seconds = Field(default=10, ge=3, le=100)
    """How long consensus store and PostgreSQL operations are tried before the primary demotes itself."""
    primary_start: Seconds = Field(default=30, ge=0, le=300)
    """How long a crashed primary may take to start again before a replica takes over."""
    release_after: Seconds | None = Field(default=None, ge=1, le=30)
    """Replicas release the lock of a primary that has not answered most members for so long, before `ttl` ends. Needs
    `synchronous`, and three members. A change replaces the members, one at a time."""

    @model_validator(mode="after")
    def _timers_fit(self) -> "FailoverSettings":
        if self.loop_wait + 2 * self.retry_timeout > self.ttl:
            raise ValueError(
                f"`loop_wait` + 2 x `retry_timeout` must not exceed `ttl` "
                f"({self.loop_wait} + 2 x {self.retry_timeout} > {self.ttl})"
            )
        if self.release_after is not None and self.release_after >= self.ttl:
            raise ValueError(
                f"`release_after` ({self.release_after}) must be below `ttl` ({self.ttl}): it comes too late"
            )
        return self


class ReadsSettings(Settings):
    """A second address, for reads that may be a little behind."""

    max_lag: MemoryBytes = Field(default=16 * 2**20, ge=2**20, le=2**40)
    """A replica serves while it has all but so much of the primary's log, as Patroni saw it at its last look
    (`failover.loop_wait`). The connections of one that falls behind are closed."""
    fallback: Literal["primary", "none"] = "primary"
    """Who serves while no replica does: the primary, or nobody (connections are refused)."""


class DatabaseSettings(Settings):
    """A further database in the same PostgreSQL: an application's `uses` name it `<cluster>/<database>`."""

    owner: Identifier | None = None
    """The role that owns it, with a password of its own; default: a role of the database's name. With another name it
    is renamed."""
    extensions: Extensions = ()
    """Extensions in this database."""


class PostgresSettings(Settings):
    """One PostgreSQL cluster under Patroni, with its consensus store and its write endpoint."""

    members: Members = 3
    """PostgreSQL servers, with as many members of the consensus store: 1, or 3 to survive the loss of one, or 5 of two.
    With 2 there is one replica, and the store still has three members on three hosts: while one server is away, nothing
    is left to take over."""
    store: StoreSettings = StoreSettings()
    """The consensus store, where it is not to be as the servers are."""
    hosts: Hosts = ()
    """Swarm: one host for each member, in the order of their numbers; default: the first of `platform.nodes`. The
    consensus store's member of the same number runs on the same host; with 2 members a third host has one alone, unless
    `store.hosts` says where they are. A changed host moves the member: it copies its peers' data, and the old volume
    stays behind."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A move of all members, or of the only one, is refused unless this names all
    hosts that they leave."""
    database: Identifier = "app"
    """The application's database, created at the first start. It keeps its name: another one is refused."""
    owner: Identifier = "app"
    """The role that owns the database; its password is generated. With another name it is renamed, and the former one
    lets in those who still have it."""
    volume: MemoryBytes = Field(default=10 * 2**30, ge=2**30)
    """Size of each member's volume; at least 1Gi: an empty cluster and its WAL take half of that."""
    resources: ResourcesSettings | None = None
    """CPU and memory of each member; default 1 core and 2Gi, all of it reserved."""
    store_resources: ResourcesSettings | None = None
    """CPU and memory of each member of the consensus store; default 200m and 256Mi, all of it reserved."""
    max_connections: int = Field(default=100, ge=25, le=5000, strict=True)
    """Connections of all clients together, without replication; Patroni takes no less than 25. The memory limits it: a
    quarter of it is for shared buffers (`parameters` may say another size), and each connection counts 2Mi. A change
    restarts the members one at a time; writes pause for the primary's restart, and connections above a lower number are
    cut."""
    synchronous: Synchronous = False
    """`on`: acknowledge a write only when a replica has it: no acknowledged write is lost with a host, but each write
    waits for one more network round trip. While no replica is there, the primary goes on alone. `strict`: then writes
    wait until one is there again, so that even a second loss loses none. Default `off`."""
    reads: ReadsSettings | None = None
    """A read endpoint, which leads to the replicas; `reads: {}` has the defaults. Default: none."""
    pooler: PoolerSettings | None = None
    """PgBouncer in front of the write endpoint; `pooler: {}` has the defaults. Applications choose it by `pooled` in
    their `uses`. Default: none."""
    idle_timeout: Seconds | None = Field(default=None, ge=60, le=24 * 24 * 3600)
    """The write endpoint closes a connection after this time without traffic. Default: 24 days, the most that its proxy
    can wait. If the client or server is gone, TCP keepalive ends the connection after a minute."""
    tls: DatabaseTlsSettings = DatabaseTlsSettings()
    """Encryption of clients' connections."""
    failover: FailoverSettings = FailoverSettings()
    """Timers."""
    backups: BackupSettings | None = None
    """Backups and the archive of the log. Default: none."""
    dumps: DumpSettings | None = None
    """Logical dumps of every database, by the clock. Default: none."""
    restore_from: RestoreFromSettings | None = None
    """The first start: as another database was at a moment. It does nothing to data that is there, and may be taken out
    after the first `up`. Default: it begins empty."""
    rotate: RotateSettings = RotateSettings()
    """New passwords in place of those that applications have. What belongs to a role goes on belonging to it."""
    objectives: ObjectivesSettings = ObjectivesSettings()
    """What has to hold when something is lost; where it says nothing, the stack's `objectives` do."""
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict, max_length=200)
    """Parameters of PostgreSQL by name (`work_mem: 16MB`), and of its extensions (`pg_stat_statements.max`). A change
    is read by the running servers; where a parameter needs a restart, the members restart one at a time. One that is
    taken out has its default again. What the platform decides (ports, files, `wal_level`) is refused."""

    databases: dict[Identifier, DatabaseSettings] = Field(default_factory=dict, max_length=100)
    """Further databases by name, beside `database`. They and their owners are created when they are missing, and never
    dropped. Only its owner may connect to one."""
    roles: dict[Identifier, RoleSettings] = Field(default_factory=dict, max_length=100)
    """Further roles by name: who may read or write in which database. They are kept as the file says. One that leaves
    it cannot log in any more, and is not dropped; for the last one, write `roles: {}`."""
    extensions: Extensions = ()
    """Extensions of PostgreSQL in the database, such as `pg_trgm`: created, with those that they need, when they are
    missing, and never dropped. The image must have them."""

    def terms(self) -> Terms:
        """What its contract holds."""
        return database_terms(self.clients_tls, reads=self.reads is not None, pooler=self.pooler is not None)

    @model_validator(mode="after")
    def _consistent(self) -> "PostgresSettings":
        if self.synchronous and self.members == 1:
            raise ValueError("`synchronous` needs 2 `members` or more: with one there is no replica to wait for")
        if self.reads is not None and self.reads.fallback == "none" and self.members == 1:
            raise ValueError("`reads.fallback: none` needs 2 `members` or more: with one nobody would ever serve")
        memory = self.resources.memory_limit if self.resources else _DEFAULT_MEMORY
        carried = (memory - self.shared_buffers(memory) - _SERVER_MEMORY) // _CONNECTION_MEMORY
        if self.max_connections > carried:
            raise ValueError(
                f"`max_connections` ({self.max_connections}) exceeds the {max(0, carried)} that "
                f"{memory // 2**20}Mi of memory carry (2Mi each, beside shared buffers and the servers): raise "
                "`resources.memory_limit` or lower it"
            )
        self._check_release()
        _check_owner("`owner`", self.owner)
        if self.database in _OWN_DATABASES:
            raise ValueError("`database` cannot be one of PostgreSQL's own: postgres, template0, template1")
        return self

    def _check_release(self) -> None:
        after = self.failover.release_after
        if after is None:
            return
        if not self.synchronous:
            raise ValueError(
                "`failover.release_after` needs `synchronous`: a primary that the others cannot see may live, "
                "and acknowledge writes that its successor does not have; set `synchronous: on`, or leave it out"
            )
        if self.members < 3 or self.store_members < 3:
            raise ValueError(
                f"`failover.release_after` needs 3 `members` or more, and as many of the store: most of them must miss "
                f"the primary ({self.members} `members`, {self.store_members} of the store)"
            )

    @model_validator(mode="after")
    def _further_databases(self) -> "PostgresSettings":
        for name, owner in self.owners.items():
            if name == self.database or name in _OWN_DATABASES:
                raise ValueError(f"`databases.{name}` is there already: choose another name")
            _check_owner(f"the owner of `databases.{name}`", owner)
        if self.pooler is not None and CONSOLE in self.every_owner:
            raise ValueError(f"a database `{CONSOLE}` is the pooler's console: choose another name, or no `pooler`")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> "PostgresSettings":
        if problems := [*role_problems(self), *login_problems(self), *backup_problems(self)]:
            raise ValueError("; ".join(problems))
        return self

    @property
    def clients_tls(self) -> DatabaseTlsSettings | None:
        """What clients are told of encryption; None: nothing."""
        return self.tls if self.tls.clients == "required" else None

    @property
    def store_members(self) -> int:
        """Members of the consensus store."""
        return self.store.members or voters(self.members)

    @property
    def store_hosts(self) -> tuple[str, ...]:
        """Where they are; empty: the first of the platform's."""
        return self.store.hosts or self.hosts[: self.store_members]

    @property
    def fixed(self) -> dict[str, str]:
        """What data is under: it does not move when another value is written."""
        begins = {} if self.restore_from is None else {"restore_from": self.restore_from.shown()}
        return {"database": self.database} | begins

    @property
    def owners(self) -> dict[str, str]:
        """Further databases, and their owners."""
        return {name: database.owner or name for name, database in self.databases.items()}

    @property
    def every_owner(self) -> dict[str, str]:
        """Every database, and its owner."""
        return {self.database: self.owner} | self.owners

    def roles_of(self, part: str) -> tuple[str, ...]:
        """The roles that log in and may do something in a database: `part`, or the first one."""
        database = part or self.database
        return tuple(name for name, role in self.roles.items() if role.login and database in levels(self.roles, name))

    def shared_buffers(self, memory: int) -> int:
        """Bytes. By default a quarter of the memory: the starting value that PostgreSQL's documentation recommends."""
        own = shared_buffers_bytes(self.parameters.get("shared_buffers"))
        return memory // 4 if own is None else own


def _check_owner(what: str, role: str) -> None:
    if reason := reserved(what, role):
        raise ValueError(reason)
