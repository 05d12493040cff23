"""What components give each other: not a host name, but the settings that survive a failover."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, runtime_checkable

import pulumi

from components.facts import FactType, filled
from model import ConfigRef, Endpoint, Outside, Scratch, SecretRef, SharedMount


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a contract holds, as far as settings alone say it: the names and types of its facts.

    `standard` are the facts that a prefix alone gives, each as `<PREFIX>_<FACT>`. `presets` are sets of templates by
    name: variable -> text with facts in braces. A variable that begins with `_` gets the prefix in front. `pooled`: for
    clients that go through a pooler, fact -> the one that takes its place. `named`: the server takes a password only
    with its user. `unfit`: presets that are there and rarely right, by what is wrong.
    """

    facts: Mapping[str, FactType]
    standard: tuple[str, ...] = ()
    presets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pooled: Mapping[str, str] = field(default_factory=dict)
    named: bool = False
    unfit: Mapping[str, str] = field(default_factory=dict)

    def templates(self, prefix: str, preset: str | None = None) -> dict[str, str]:
        """Variable -> text, of a preset or of the facts that a prefix alone gives."""
        chosen = (
            {f"_{fact.upper()}": f"{{{fact}}}" for fact in self.standard} if preset is None else self.presets[preset]
        )
        return {f"{prefix}{name}" if name.startswith("_") else name: text for name, text in chosen.items()}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Where Prometheus has how many messages wait in each queue: series with these labels, and the label `queue`."""

    metric: str
    labels: Mapping[str, str]

    def series(self, *matchers: str) -> str:
        """Those that fit."""
        own = (f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric}{{{','.join((*own, *matchers))}}}"


@dataclass(frozen=True, kw_only=True)
class ClientContract:
    """Facts for the clients of a component.

    `values` holds a value for every fact of `terms`; `secrets` the object of each fact that the platform has a secret
    for, and `files` of each that is a file. `resources` must be healthy before a client starts;
    `outside` is where a client connects to, if the component is not in the stack. `waiting` is where its queues are
    counted.
    """

    terms: Terms
    values: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    files: Mapping[str, SecretRef | ConfigRef] = field(default_factory=dict)
    resources: tuple[pulumi.Resource, ...] = ()
    outside: tuple[Outside, ...] = ()
    waiting: Waiting | None = None

    def __post_init__(self) -> None:
        assert self.values.keys() == self.terms.facts.keys(), "settings promise what the component tells, and no more"

    def through_pooler(self) -> "ClientContract":
        """The same for clients that go through the pooler: its address in place of the component's own."""
        taken = self.terms.pooled
        values = {fact: self.values[taken.get(fact, fact)] for fact in self.values}
        secrets = {fact: self.secrets[taken.get(fact, fact)] for fact in self.secrets}
        return replace(self, values=values, secrets=secrets)

    def filled(self, text: str) -> str | pulumi.Output[str]:
        """The text with this contract's facts."""
        return filled(text, self.values, self.terms.facts)


@runtime_checkable
class Offering(Protocol):
    """Settings of what gives a contract."""

    def terms(self) -> Terms: ...


@runtime_checkable
class Admitting(Protocol):
    """Settings of what clients may also use under names other than their contract's own."""

    def roles_of(self, part: str) -> tuple[str, ...]:
        """The names for the part `part` of the component; empty: for the component itself."""
        ...


@runtime_checkable
class Counting(Protocol):
    """Settings of what passes requests on."""

    def requests_of(self, app: str, series: str) -> str | None:
        """The counters of the requests that went to an application, of what `series` selects; None: it counts none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Counters of requests, and the job whose targets tell them."""

    series: str
    job: str


class Declared(NamedTuple):
    """A queue that the stack file makes: its type, where it stands below the broker, and whether somebody has to
    consume it (dead letters are for people, and some queues pass their messages on)."""

    type: str
    keys: tuple[str, ...]
    to_read: bool


@runtime_checkable
class Queueing(Protocol):
    """Settings of a broker: of a virtual host by its name, or with an empty one of that of `uses` without a part.
    `counted`: Prometheus has how many messages wait (`ClientContract.waiting`)."""

    @property
    def counted(self) -> bool: ...

    def queues_of(self, part: str) -> Mapping[str, Declared]: ...

    def ack_seconds(self, part: str, queue: str) -> int:
        """How long a message of the queue may be unacknowledged until it goes to another consumer."""
        ...


def in_role(used: str, role: str | None) -> str:
    """Under what name a contract is found: `main/analytics` as the role `reader` is `main/analytics@reader`."""
    if role is None:
        return used
    return f"{used}@{role}" if "/" in used else f"{used}/@{role}"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An application behind a balancer.

    `port` is the replicas' port for those who name none (None: there is no such port), `ports` are the others by name.
    `health_path` is what is asked of them, at `health_port` (None: at the port that is used) under the name
    `health_host` (None: any will do), unless a route's check says otherwise; `max_replicas` the most replicas that may
    answer at the same moment, a rollout's surplus included; the balancer can serve at least that many.
    """

    endpoint: Endpoint
    port: int | None
    ports: Mapping[str, int] = field(default_factory=dict)
    health_path: str
    health_port: int | None = None
    health_host: str | None = None
    max_replicas: int

    def number(self, name: str | None) -> int:
        """The port of this name; None: `port`. KeyError where there is no such port."""
        if name is not None:
            return self.ports[name]
        if self.port is None:
            raise KeyError("port")
        return self.port


@dataclass(frozen=True, kw_only=True)
class BackupRepository:
    """A place for backups outside the members, and what they are encrypted with there.

    pgBackRest is told `options` and `secrets`, each without the repository's number, and by `files` where a secret file
    is: option -> the file's name, and its text. `outside` is what a member must be allowed to connect to, `shared` what
    it must mount.
    """

    options: Mapping[str, str]
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, pulumi.Input[str]]] = field(default_factory=dict)
    passphrase: pulumi.Output[str]
    outside: tuple[Outside, ...] = ()
    shared: tuple[SharedMount, ...] = ()


@runtime_checkable
class Sharing(Protocol):
    """Settings of a shared volume."""

    @property
    def of_one_host(self) -> bool:
        """Whether it is a directory of the host itself, as far as settings alone say it."""
        ...

    @property
    def known_by(self) -> tuple[str, ...]:
        """What the same place has under every name; empty: nothing says so."""
        ...


@runtime_checkable
class Writing(Protocol):
    """Settings of what may write to shared volumes: key below the component -> volume."""

    def writes_to(self) -> Mapping[str, str]: ...


@runtime_checkable
class Keeping(Protocol):
    """Settings of a place for backups: the shared volume that it is on, if it is on one."""

    @property
    def on_volume(self) -> str | None: ...


@runtime_checkable
class Serving(Protocol):
    """Settings of what may answer requests: the port for those who name none (None: there is none), those with names,
    the longest request in seconds, and the writable directories."""

    @property
    def port(self) -> int | None: ...

    @property
    def ports(self) -> Mapping[str, int]: ...

    @property
    def longest_request(self) -> int: ...

    def scratch(self) -> tuple[Scratch, ...]: ...
