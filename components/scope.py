"""Where a component says its words: its name, its origin, its parent, and the platform that renders them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import pulumi

from components.observability import Observability
from model import (
    Agent,
    Circle,
    ConfigFile,
    ConfigRef,
    Endpoint,
    File,
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
from platforms.base import Platform


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The place of one component in a stack.

    Everything that gets a name in the stack is said here, and takes its name: two components that derive the same one
    are refused with both paths.
    """

    platform: Platform
    origin: Origin
    parent: pulumi.Resource

    def at(self, *keys: str) -> "Scope":
        """The same component, for words that come from keys below it."""
        return replace(self, origin=self.origin.at(*keys))

    def password(self, name: str, *, length: int = 32) -> pulumi.Output[str]:
        """A generated password: `length` letters and digits, the same in every update."""
        self._claim("password", name)
        return self.platform.generated_password(name, parent=self.parent, length=length)

    def random_bytes(self, name: str, *, length: int) -> pulumi.Output[str]:
        """`length` random bytes as base64, the same in every update."""
        self._claim("password", name)
        return self.platform.generated_bytes(name, parent=self.parent, length=length)

    def circle(self, name: str) -> Circle:
        """Those who may talk to each other, known by certificates."""
        self._claim("certificate", name)
        return self.platform.circle(name, parent=self.parent)

    def identity(self, circle: Circle, name: str, *, common_name: str, hosts: Sequence[str] = ()) -> SecretRef:
        """A certificate of the circle with its key, as a secret file: for a server on `hosts`, and for clients."""
        self._claim("certificate", name)
        pem = self.platform.identity(circle, name, common_name=common_name, hosts=hosts, parent=self.parent)
        return self.secret(name, pem)

    def secret(self, name: str, value: pulumi.Input[str]) -> SecretRef:
        """A secret that containers mount as a file."""
        self._claim("secret", name)
        return self.platform.secret(Secret(name=name, value=value), parent=self.parent)

    def config_file(self, name: str, text: str, *, not_secret: bool = False) -> ConfigRef:
        """A configuration file, without secrets; `not_secret`: also where it looks as if it had some."""
        self._claim("configuration file", name)
        word = ConfigFile(name=name, text=text, not_secret=not_secret)
        return self.platform.config_file(word, parent=self.parent)

    def config_files(self, word: str, directory: str, texts: Mapping[str, tuple[str, str]]) -> tuple[File, ...]:
        """Several configuration files of one word, mounted in one directory.

        `texts`: suffix of the resource's name -> path under `directory`, and the text.
        """
        return tuple(
            File(path=f"{directory}/{path}", source=self.config_file(f"{word}-{suffix}", text))
            for suffix, (path, text) in texts.items()
        )

    def shared_volume(self, word: SharedVolume) -> SharedVolumeRef:
        """Files that containers have in common."""
        return self.platform.shared_volume(word, parent=self.parent)

    def workload(self, word: Workload) -> Endpoint:
        """Interchangeable replicas."""
        return self.platform.workload(word, parent=self.parent)

    def members(self, word: Members) -> Endpoint:
        """Named members, each with its volume."""
        return self.platform.members(word, parent=self.parent)

    def replicas(self, word: Workload | Members) -> Endpoint:
        """Either of the two."""
        return self.members(word) if isinstance(word, Members) else self.workload(word)

    def agent(self, word: Agent) -> Endpoint:
        """One replica on every host."""
        return self.platform.agent(word, parent=self.parent)

    def job(self, word: Job) -> tuple[pulumi.Resource, ...]:
        """Work that ends before others start; returns what these wait for."""
        return self.platform.job(word, parent=self.parent)

    def schedule(self, word: Schedule) -> Endpoint:
        """Work by the clock; returns where its clock answers."""
        return self.platform.schedule(word, parent=self.parent)

    def observed(self, *parts: Observability) -> Observability:
        """What the component declares to monitoring, as one: its rules are about it where they name no other."""
        component = self.origin.name or self.origin.key
        declared = Observability(
            targets=tuple(chain.from_iterable(part.targets for part in parts)),
            rules=tuple(replace(rule, component=rule.component or component) for part in parts for rule in part.rules),
            panels=tuple(chain.from_iterable(part.panels for part in parts)),
            certificates=tuple(chain.from_iterable(part.certificates for part in parts)),
        )
        for target in declared.targets:
            self._claim("scrape job", target.job)
        for rule in declared.rules:
            self._claim("alert rule", rule.name)
        return declared

    def _claim(self, kind: str, name: str) -> None:
        self.platform.claim(kind, name, self.origin.part)
