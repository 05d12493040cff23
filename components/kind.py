"""What a composition knows of a kind of component, whatever the kind."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

import pulumi

from components.context import Rule
from components.contracts import Backend, BackupRepository, ClientContract, Counted
from components.copies.settings import CopiesSettings
from components.images import Images
from components.observability import Observability
from guarantees.connections import Limit, Pool
from guarantees.drain import Drain
from guarantees.promise import Promise
from guarantees.surroundings import Surroundings
from guarantees.topology import Group
from model import Origin, SecretRef, SharedVolumeRef
from platforms.base import Platform
from settings.base import Settings

S = TypeVar("S", bound=Settings)


class Gives(Enum):
    """What a component may give to others, and so what they may name it for."""

    CONTRACT = "contract"
    """What clients of a component need: `Built.contract`."""
    BACKEND = "backend"
    """Replicas that answer requests: `Built.backend`."""
    VOLUME = "volume"
    """Files that several may mount: `Built.volume`."""
    REPOSITORY = "repository"
    """A place for backups: `Built.repository`."""
    ALERTS = "alerts"
    """Rules on what happens to it: `Built.observability`."""


class ImageNeed(NamedTuple):
    """A pinned image that a component needs; `below` is the key of the component that it is for.

    `version` is a command that starts the server's program, prints its version and ends; `programs` are the others that
    the component runs in the image.
    """

    pin: str
    keeps_data: bool = False
    below: str = ""
    version: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


class Reference(NamedTuple):
    """A key of a component that names another one, for what that one gives."""

    key: str
    name: str
    gives: Gives


class SecretUse(NamedTuple):
    """A key that names a given secret: `mounted` in a container, or else part of a configuration of the component.
    What is `agreed` with somebody else cannot be generated. `form` raises ValueError for a value that is not as it must
    be: what is wrong, as it follows "a secret that"."""

    key: str
    name: str
    mounted: bool = False
    agreed: bool = False
    form: Callable[[str], object] = str


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What uses a component: when `resources` are there, all of it has what the component tells now. What had something
    else before ends within `stop_seconds`."""

    resources: tuple[pulumi.Resource, ...] = ()
    stop_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a component gives to the rest of the stack: `further` contracts are named `<component>/<key>`, `own` are
    those of clients that log in under a name of their own. `requests` are counters of what it passes on, by
    application, which follow from names alone. `outputs` become outputs of the stack. `runs` is what uses others;
    `retire` is called with all who use the component, when they are built, and takes away what they had before."""

    contract: ClientContract | None = None
    further: Mapping[str, ClientContract] = field(default_factory=dict)
    own: Mapping[str, ClientContract] = field(default_factory=dict)
    backend: Backend | None = None
    volume: SharedVolumeRef | None = None
    repository: BackupRepository | None = None
    observability: Observability = Observability()
    requests: Mapping[str, Counted] = field(default_factory=dict)
    outputs: Mapping[str, Any] | None = None
    runs: Clients = Clients()
    retire: Callable[[Clients], None] | None = None

    def contract_of(self, client: str) -> ClientContract | None:
        """Its own, or the one for everybody."""
        return self.own.get(client, self.contract)


@dataclass(frozen=True, kw_only=True)
class Build(Generic[S]):
    """What a component is built from.

    `built` are the components before it, by name, and of later ones what they promise; `given` the given secrets that
    containers mount, `values` the values of all given secrets. `clients` are the components that use its contract, as
    far as they are known.
    """

    name: str
    settings: S
    origin: Origin
    platform: Platform
    images: Images
    built: Mapping[str, Built]
    given: Mapping[str, SecretRef]
    values: Mapping[str, pulumi.Output[str]]
    clients: tuple[str, ...] = ()


class Part(NamedTuple, Generic[S]):
    """One component of a stack: its name, its place in the stack file and its settings."""

    name: str
    origin: Origin
    settings: S


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[S]):
    """One kind of component: a map of the stack file from names to settings, or a `single` key.

    `keys` says which key of the stack file became which field of a word: for each place below the component where its
    words come from ("" is the component itself), field -> key. A field inside one that stands there has the same key,
    unless it stands there itself; fields that are not there are the component's own choice. Where words come from what
    a map names, `*` is that name, in the place and in the keys (`schedules.*`).
    """

    key: str
    build: Callable[[Build[S]], Built]
    single: bool = False
    gives: frozenset[Gives] = frozenset()
    further: Callable[[S], Iterable[str]] = lambda _: ()
    """The keys of its further contracts."""
    promise: Callable[[Part[S], Platform], ClientContract | None] = lambda _, __: None
    """The contract of a component as far as it follows from names alone, for components that are built before it."""
    requests: Callable[[Part[S]], Mapping[str, Counted]] = lambda _: {}
    """Where the requests that it passes on are counted, by application."""
    images: Callable[[S | None], Iterable[ImageNeed]] = lambda _: ()
    """Of one component; without settings (they are broken) what every component of the kind needs."""
    refs: Callable[[S], Iterable[str]] = lambda _: ()
    """Images that the settings name: references, or names of pins."""
    uses: Callable[[S], Iterable[Reference]] = lambda _: ()
    ports: Callable[[S], Iterable[tuple[str, int]]] = lambda _: ()
    """Key -> published port."""
    secrets: Callable[[S], Iterable[SecretUse]] = lambda _: ()
    keeps: Callable[[S], Iterable[str]] = lambda _: ()
    """The keys of what keeps data in volumes; "" is the component itself."""
    copied: Callable[[S], CopiesSettings | None] = lambda _: None
    """By what schedule the common copier copies it (`components/copies`), if it does."""
    counters: Callable[[S], Mapping[str, int]] = lambda _: {}
    """Key -> a counter that is never lowered; its resource has them as the output `counters`, by path."""
    fixed: Callable[[S], Mapping[str, str]] = lambda _: {}
    """Key -> value of what its data is under, and stays; its resource has them as the output `fixed`, by path."""
    grows: Callable[[S], Mapping[str, int]] = lambda _: {}
    """Key -> a number that can only get more, for data is with each; its resource has them as the output `grows`."""
    guarantees: Callable[[S, Surroundings], Iterable[Promise]] = lambda _, __: ()
    """What each fault may do to its writes, on a platform that does so to its containers."""
    groups: Callable[[Part[S], Surroundings], Iterable[Group]] = lambda _, __: ()
    """Its processes, by what they do."""
    drain: Callable[[Part[S]], Drain | None] = lambda _: None
    """How long it lets requests end when it stops, if it answers any."""
    pools: Callable[[Part[S]], Iterable[Pool]] = lambda _: ()
    """The connections that it opens to others."""
    follows: Callable[[S], str] = lambda _: ""
    """What the number of its replicas follows, in a line: where it is more than their own CPU and memory."""
    connections: Callable[[S], Iterable[Limit]] = lambda _: ()
    """How many connections it takes, if they are counted: by itself, and by a pooler in front of it."""
    rules: tuple[Rule, ...] = ()
    """Rules across components that only this kind has."""
    advice: tuple[Rule, ...] = ()
    """Rules that are said as warnings: the stack runs, and may not do what somebody expects."""
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """One component of the kind, in messages: `database`."""
        return self.key if self.single else re.sub("(ie)?s$", lambda end: "y" if end[1] else "", self.key)

    def parts(self, stack: Settings) -> Iterator[Part[S]]:
        """The components of this kind in `stack`, in the order of the file."""
        value = getattr(stack, self.key)
        if self.single:
            if value is not None:
                yield Part(self.key, Origin(key=self.key), value)
            return
        for name, settings in value.items():
            yield Part(name, Origin(key=self.key, name=name), settings)
