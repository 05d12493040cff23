"""What a platform does with the words, and how it refuses what it cannot honour."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import pulumi
import pulumi_random as random

from model import (
    Agent,
    Circle,
    ConfigFile,
    ConfigRef,
    Endpoint,
    Image,
    Job,
    Members,
    Origin,
    Schedule,
    Secret,
    SecretRef,
    SharedVolume,
    SharedVolumeRef,
    Workload,
)
from platforms.certificates import Certificates


class Refused(NamedTuple):
    """What a renderer says of a word's field that it cannot honour.

    `got` is the value (never a secret's); `reason` says why the platform cannot do it and what to set instead.
    """

    field: str
    got: object
    reason: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A field of a word that the platform cannot honour.

    `origin` is the word's, `got` the value (never a secret's), `reason` says why the platform cannot do it and what to
    set instead. Which key of the stack file became the field is for the composition to say.
    """

    origin: Origin
    field: str
    got: str
    reason: str

    @property
    def path(self) -> str:
        """Where the field is, in terms of words."""
        return f"{self.origin}.{self.field}"

    def __str__(self) -> str:
        return f"{self.path}: {self.got}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who pulls images from the registry `host` (`ghcr.io`, `registry.example:5000`)."""

    host: str
    username: str
    password: pulumi.Output[str]


class Unsupported(Exception):
    """What a platform refuses: one refusal, or all those of a stack whose refusals were gathered."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__("\n".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class Platform(ABC):
    """Renders words as resources. Components see only this class and never ask which platform it is.

    Whoever constructs a component hears of a refusal at once: it raises Unsupported. A composition gathers the refusals
    of a whole stack and hears of all of them together.
    """

    NOTED: ClassVar[Mapping[str, str]]
    """Fields of words that the platform may only note, and what follows for the user."""

    lent_to: pulumi.Resource | None = None
    """The resource of another program that stands for what is said."""
    rehearsing: bool = False
    """Words are judged, and nothing is registered."""

    def __init__(self, *, stack: str, within: pulumi.Resource | None = None, prefix: str = "") -> None:
        self.stack = stack
        self._certificates = Certificates(stack, parent=within, prefix=prefix)
        self._said: set[str] = set()
        self._gathered: list[Refusal] | None = None
        self._owners: dict[tuple[str, str], Origin] = {}

    def refuse(self, origin: Origin, field: str, got: object, reason: str) -> None:
        """Refuse `field` of the word that comes from `origin`. Raises Unsupported, unless refusals are gathered."""
        refusal = Refusal(origin=origin, field=field, got=str(got), reason=reason)
        if self._gathered is None:
            raise Unsupported((refusal,))
        self._gathered.append(refusal)

    def refuse_all(self, origin: Origin, refused: Iterable[Refused]) -> None:
        """Refuse every field that the renderers found in the word that comes from `origin`. Raises as `refuse` does."""
        found = tuple(Refusal(origin=origin, field=one.field, got=str(one.got), reason=one.reason) for one in refused)
        if found and self._gathered is None:
            raise Unsupported(found)
        for refusal in found:
            self.refuse(origin, refusal.field, refusal.got, refusal.reason)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Gather the refusals of the block, and raise Unsupported with all of them at its end.

        Pulumi only queues registrations while the program runs: a program that ends here has registered nothing.
        """
        self._gathered = []
        yield
        gathered, self._gathered = self._gathered, None
        if gathered:
            raise Unsupported(tuple(gathered))

    def lend(self, resource: pulumi.Resource) -> Self:
        """This platform, for a component that `resource` of another program stands for."""
        lent = copy(self)
        lent.lent_to = resource
        return lent

    def rehearsal(self) -> Self:
        """A platform that refuses what this one would, and changes nothing here or anywhere."""
        twin = copy(self)
        twin.rehearsing = True
        twin._owners = dict(self._owners)
        return twin

    def claim(self, kind: str, name: str, origin: Origin) -> None:
        """Take `name` for what comes from `origin`: a name of one `kind` (`secret`, `service`) is taken once."""
        owner = self._owners.setdefault((kind, name), origin)
        if owner is not origin:
            self.refuse(origin, "name", name, f"{owner.path} has a {kind} of this name; rename one of them")

    def note(self, field: str) -> None:
        """Say, once for a stack, that `field` is noted and not enforced."""
        if field not in self._said:
            self._said.add(field)
            pulumi.log.warn(f"{field}: {self.NOTED[field]}")

    def generated_password(self, name: str, *, parent: pulumi.Resource, length: int = 32) -> pulumi.Output[str]:
        """A random password of letters and digits (safe in URLs and configuration), stable across updates.

        One per purpose: `name` is unique in the stack. 32 characters of 62 carry 190 bits.
        """
        if self.rehearsing:
            return pulumi.Output.secret("")
        password = random.RandomPassword(name, length=length, special=False, opts=pulumi.ResourceOptions(parent=parent))
        return pulumi.Output.secret(password.result)

    def generated_bytes(self, name: str, *, parent: pulumi.Resource, length: int) -> pulumi.Output[str]:
        """`length` random bytes as base64 with `+`, `/` and `=`, stable across updates. `name` as for a password."""
        if self.rehearsing:
            return pulumi.Output.secret("")
        made = random.RandomBytes(name, length=length, opts=pulumi.ResourceOptions(parent=parent))
        return pulumi.Output.secret(made.base64)

    def circle(self, name: str, *, parent: pulumi.Resource) -> Circle:
        """Those who may talk to each other, by certificates below the stack's root. `name` is unique in the stack."""
        if self.rehearsing:
            nothing = pulumi.Output.secret("")
            return Circle(trusted=nothing, chain=nothing, key=nothing)
        return self._certificates.circle(name, parent=parent)

    def identity(
        self, circle: Circle, name: str, *, common_name: str, hosts: Sequence[str], parent: pulumi.Resource
    ) -> pulumi.Output[str]:
        """A certificate of the circle and its key as one secret PEM text. `name` is unique in the stack."""
        if self.rehearsing:
            return pulumi.Output.secret("")
        return self._certificates.identity(circle, name, common_name=common_name, hosts=hosts, parent=parent)

    @property
    def certificate_ends(self) -> Mapping[str, pulumi.Output[str]]:
        """When each certificate that was made so far runs out (RFC 3339), by its name."""
        return self._certificates.ends

    def _unmade(self, name: str, parent: pulumi.Resource) -> dict[str, Any]:
        """What a reference to an object holds in a rehearsal: there is no object."""
        nothing = pulumi.Output.from_input("")
        return {"name": name, "object_name": nothing, "object_id": nothing, "resource": parent}

    @abstractmethod
    def own_apps(self) -> Mapping[str, pulumi.Output[Any]]:
        """What a service that no component says needs to stand among the applications: its networks or labels."""

    # Names: pure, known before anything is created.

    @abstractmethod
    def host(self, name: str) -> str:
        """The DNS name of the workload `name`, for clients that want one replica."""

    @abstractmethod
    def replicas_host(self, name: str) -> str:
        """The DNS name that resolves to every ready replica of the workload `name`."""

    @abstractmethod
    def member_host(self, name: str, ordinal: int) -> str:
        """The DNS name of one member, resolvable before it is ready."""

    def scaler(
        self, origin: Origin, *, image: Image, prometheus: str, scrape_seconds: int, parent: pulumi.Resource
    ) -> Endpoint | None:
        """Register what changes the counts of the workloads with `scaling` that were said until now, by the figures of
        the Prometheus at this URL, which scrapes every so many seconds. It tells what it does (`SCALER_PORT`), and what
        their containers use. `image` has Python.

        None where nothing scales, or the platform does it by itself.
        """
        del origin, image, prometheus, scrape_seconds, parent
        return None

    def finish(self) -> None:  # noqa: B027 (most platforms have nothing to say)
        """Every word of the stack was said: refuse what needs one that was not."""

    # Words.

    @abstractmethod
    def secret(self, word: Secret, *, parent: pulumi.Resource) -> SecretRef:
        """Register the secret. A changed value is a new object, and what mounts it rolls."""

    @abstractmethod
    def config_file(self, word: ConfigFile, *, parent: pulumi.Resource) -> ConfigRef:
        """Register the file. A changed text is a new object, and what mounts it rolls."""

    @abstractmethod
    def shared_volume(self, word: SharedVolume, *, parent: pulumi.Resource) -> SharedVolumeRef:
        """Register the volume, or note how it is made by those that mount it."""

    @abstractmethod
    def workload(self, word: Workload, *, parent: pulumi.Resource) -> Endpoint:
        """Register the replicas. What depends on the endpoint's resources starts when all replicas are ready."""

    @abstractmethod
    def members(self, word: Members, *, parent: pulumi.Resource) -> Endpoint:
        """Register the members. What depends on the endpoint's resources starts when all members are ready."""

    @abstractmethod
    def agent(self, word: Agent, *, parent: pulumi.Resource) -> Endpoint:
        """Register one replica for every host. Not every platform waits for the health of agents: rely on none."""

    @abstractmethod
    def job(self, word: Job, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
        """Register the job. Returns what a dependent must depend on, so that it starts after the job succeeded."""

    @abstractmethod
    def schedule(self, word: Schedule, *, parent: pulumi.Resource) -> Endpoint:
        """Register the schedule. The endpoint is its clock's, which tells how the runs were (`METRICS_PORT`)."""
