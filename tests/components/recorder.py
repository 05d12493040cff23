"""A platform that keeps the words of a component."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pulumi

from model import (
    Agent,
    Circle,
    ConfigFile,
    ConfigRef,
    Endpoint,
    Job,
    Members,
    Schedule,
    Secret,
    SecretRef,
    SharedVolume,
    SharedVolumeRef,
    Workload,
)
from platforms.base import Platform
from tests.mock_engine import render

C = TypeVar("C")


class Recorder(Platform):
    """Everything that it is asked for exists at once. `secrets` are the values, by name, of those that are secret;
    `identities` the hosts of each certificate, `texts` what configuration files hold."""

    def __init__(self) -> None:
        super().__init__(stack="test")
        self.words: list[Any] = []
        self.secrets: dict[str, str] = {}
        self.identities: dict[str, tuple[str, ...]] = {}
        self.texts: dict[str, str] = {}

    def host(self, name: str) -> str:
        return name

    def replicas_host(self, name: str) -> str:
        return f"tasks.{name}"

    def member_host(self, name: str, ordinal: int) -> str:
        return f"{name}-{ordinal}"

    def own_apps(self) -> dict[str, pulumi.Output[Any]]:
        return {}

    def identity(
        self, circle: Circle, name: str, *, common_name: str, hosts: Sequence[str], parent: pulumi.Resource
    ) -> pulumi.Output[str]:
        self.identities[name] = tuple(hosts)
        return super().identity(circle, name, common_name=common_name, hosts=hosts, parent=parent)

    def secret(self, word: Secret, *, parent: pulumi.Resource) -> SecretRef:
        value = pulumi.Output.from_input(word.value)

        def keep(both: list[Any]) -> None:
            if both[1]:
                self.secrets[word.name] = both[0]

        pulumi.Output.all(value, value.is_secret()).apply(keep)
        return SecretRef(name=word.name, **self._object(word, parent))

    def config_file(self, word: ConfigFile, *, parent: pulumi.Resource) -> ConfigRef:
        self.texts[word.name] = word.text
        return ConfigRef(name=word.name, **self._object(word, parent))

    def shared_volume(self, word: SharedVolume, *, parent: pulumi.Resource) -> SharedVolumeRef:
        self.words.append(word)
        return SharedVolumeRef(name=word.name, object_name=word.name, place=word.name, resources=(parent,))

    def workload(self, word: Workload, *, parent: pulumi.Resource) -> Endpoint:
        return self._endpoint(word, parent)

    def members(self, word: Members, *, parent: pulumi.Resource) -> Endpoint:
        return self._endpoint(word, parent, tuple(self.member_host(word.name, n) for n in range(word.count)))

    def agent(self, word: Agent, *, parent: pulumi.Resource) -> Endpoint:
        return self._endpoint(word, parent)

    def job(self, word: Job, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
        self.words.append(word)
        return (parent,)

    def schedule(self, word: Schedule, *, parent: pulumi.Resource) -> Endpoint:
        return self._endpoint(word, parent)

    def one(self, kind: type[Any], name: str = "") -> Any:
        """The only word of a kind, or the one of this name."""
        found = [word for word in self.words if isinstance(word, kind) and (not name or word.name == name)]
        assert len(found) == 1, self.words
        return found[0]

    def names(self, kind: type[Any]) -> set[str]:
        """The names of all words of a kind."""
        return {word.name for word in self.words if isinstance(word, kind)}

    def text(self, name: str) -> str:
        """A configuration file."""
        return str(self.one(ConfigFile, name).text)

    def _object(self, word: Any, parent: pulumi.Resource) -> dict[str, Any]:
        self.words.append(word)
        name = pulumi.Output.from_input(f"{word.name}-1")
        return {"object_name": name, "object_id": name, "resource": parent}

    def _endpoint(self, word: Any, parent: pulumi.Resource, member_hosts: tuple[str, ...] = ()) -> Endpoint:
        self.words.append(word)
        return Endpoint(
            host=word.name,
            replicas_host=self.replicas_host(word.name),
            member_hosts=member_hosts,
            resources=(parent,),
        )


def recorded(build: Callable[[Recorder], C], *, type_: str) -> tuple[C, Recorder]:
    """The component that `build` makes, as it stands after the program, and what it said."""
    platform, made = Recorder(), list[C]()
    registered = render(lambda _: made.append(build(platform)))
    assert type_ in {one.type for one in registered}
    return made[0], platform
