"""The hosts a scenario runs on, and what it may break there."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from drills.deployment import Deployment


@dataclass(frozen=True)
class Member:
    """What runs as a member now: the id of its container or pod, and whether it passes its checks."""

    id: str
    ready: bool


class Site(ABC):
    """One platform with the live stack deployed on it."""

    platform: ClassVar[str]
    """`swarm` or `kubernetes`."""
    profile: ClassVar[str]
    """Of the sandbox hosts."""
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
    def members(self, word: str) -> dict[str, Member]:
        """Members that run and were not asked to end, by name."""

    def ready_members(self, word: str) -> dict[str, str]:
        """Those that pass their checks: name -> id."""
        return {name: member.id for name, member in self.members(word).items() if member.ready}

    @abstractmethod
    def running(self) -> dict[str, str]:
        """Every running container of the stack: id -> name."""

    @abstractmethod
    def containers_of(self, replica: str) -> set[str]:
        """Ids, as in `running`, of what now runs in a replica or member."""

    @abstractmethod
    def host_of(self, replica: str) -> int:
        """The index of the host that it runs on."""

    @abstractmethod
    def entry_beside(self, host: int) -> str:
        """An entry that does not lead through this host: that of a client that goes to another one."""

    @abstractmethod
    def kill(self, replica: str) -> None:
        """SIGKILL the process of one replica."""

    @abstractmethod
    def kill_all(self) -> None:
        """The same for every container of the stack, at once."""

    @abstractmethod
    def stop(self, replica: str) -> None:
        """Ask one to stop, as an orderly restart does; it is started again."""

    @abstractmethod
    def ready_hosts(self) -> set[int]:
        """Those that the platform takes for ready, as one that is not cut off says."""

    @abstractmethod
    def cut(self, host: int) -> None:
        """Take a host's link down: what runs there goes on, alone."""

    @abstractmethod
    def join(self, host: int) -> None:
        """Bring its link up again. Returns when the platform takes it for ready."""

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
    def hold_down(self, word: str, held: int) -> None:
        """Stop the last `held` members and keep them stopped; 0 lets all run. Returns when that is on its way."""

    @abstractmethod
    def image_of(self, workload: str) -> set[str]:
        """Images of the running containers of a workload."""

    @abstractmethod
    def run_in(self, replica: str, command: list[str]) -> str:
        """What a command prints inside a replica."""

    @abstractmethod
    def beside(self, replica: str) -> list[str]:
        """What starts a program of the machine in a replica's network, also while its host is cut off."""

    @abstractmethod
    def plain_texts(self) -> dict[str, str]:
        """Everything that anybody may read without being given a secret: specs, process arguments, logs, by place."""

    @staticmethod
    @abstractmethod
    def is_up() -> bool:
        """Whether the hosts run, with or without a stack."""

    @staticmethod
    @abstractmethod
    def clear() -> None:
        """Remove the hosts with everything on them, if they are there."""

    @abstractmethod
    def keep_logs(self, directory: Path) -> None:
        """Write the containers' logs and states under `directory`."""
