"""The hosts a scenario runs on, and what it may break there."""

from abc import ABC, abstractmethod
from pathlib import Path

from tests.live.deployed.deployment import Deployment


class Site(ABC):
    """One platform with the live stack deployed on it."""

    deployment: Deployment
    entries: tuple[str, ...]
    """Base URLs at which the outside reaches the balancer; the first is used where one will do."""

    @property
    def url(self) -> str:
        """The entry that scenarios use unless they say otherwise."""
        return self.entries[0]

    @property
    @abstractmethod
    def address(self) -> str:
        """Where single published ports (Prometheus, Alertmanager) answer."""

    @abstractmethod
    def replicas(self, workload: str) -> list[str]:
        """Ids of the running containers of a workload."""

    @abstractmethod
    def ready_members(self, word: str) -> dict[str, str]:
        """Members that pass their checks: name -> id of the container or pod."""

    @abstractmethod
    def running(self) -> dict[str, str]:
        """Every running container of the stack: id -> name."""

    @abstractmethod
    def kill(self, replica: str) -> None:
        """SIGKILL the process of one replica."""

    @abstractmethod
    def scale(self, workload: str, replicas: int) -> None:
        """What a person does by hand, past the stack."""

    @abstractmethod
    def member(self, word: str, ordinal: int) -> str:
        """The running container of one member; a LookupError while there is none."""

    @abstractmethod
    def lose_volume(self, word: str, ordinal: int) -> None:
        """Stop a member, remove its volume, and let it come back. Returns when it is on its way."""

    @abstractmethod
    def image_of(self, workload: str) -> set[str]:
        """Images of the running containers of a workload."""

    @abstractmethod
    def run_in(self, replica: str, command: list[str]) -> str:
        """What a command prints inside a replica."""

    @abstractmethod
    def plain_texts(self) -> dict[str, str]:
        """Everything that anybody may read without being given a secret: specs, process arguments, logs, by place."""

    @staticmethod
    @abstractmethod
    def clear() -> None:
        """Remove the hosts with everything on them, if they are there."""

    @abstractmethod
    def keep_logs(self, directory: Path) -> None:
        """Write the containers' logs and states under `directory`."""
