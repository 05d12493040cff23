"""What the commands do on a platform; `cli/platforms.py` says which platform is whose."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from cli.entry import Entries
from cli.hosts import Hosts
from cli.killed import KilledRun
from cli.leftovers import Leftovers
from cli.logs import Asked, Source
from cli.owners import Owned
from cli.reasons import Watch
from cli.stack_file import StackFile
from cli.status import Row
from cli.web import Opener
from cli.workloads import Workload
from composition.stack import Stack

Resources = Sequence[dict[str, Any]]
"""The resources in a stack's state."""


class Operations(ABC):
    """Everything that the commands ask of the hosts of one stack."""

    profile: ClassVar[str]
    """The sandbox's hosts for such a stack, as `python -m sandbox.hosts` calls them."""

    def __init__(self, stack: StackFile) -> None:
        self.stack = stack

    @cached_property
    def hosts(self) -> Hosts:
        """Where the stack runs; nothing is started. Raises CommandError for hosts that contradict each other."""
        return self._hosts()

    @abstractmethod
    def _hosts(self) -> Hosts: ...

    @abstractmethod
    def docker(self) -> Hosts:
        """A Docker host for images of the stack; nothing is started. Raises CommandError when there is none."""

    @abstractmethod
    def cluster(self) -> Any:
        """The sandbox's hosts, with `up` and `down`."""

    @abstractmethod
    def prepare(self, settings: Stack) -> None:
        """Make a person's own hosts ready, or raise CommandError."""

    @abstractmethod
    def check_hosts(self, settings: Stack) -> None:
        """Raises CommandError for what the stack wants of its hosts and they do not have."""

    @abstractmethod
    def check_ports(self, settings: Stack) -> None:
        """Raises CommandError for a published port that somebody else has."""

    @abstractmethod
    def entries(self, resources: Resources) -> Entries:
        """Where the published ports of the deployed stack are reached."""

    @abstractmethod
    def running(self) -> dict[str, str]:
        """Id and name of what runs and says that it is this stack's, whatever a state says. Raises CommandError when
        nobody answers."""

    @abstractmethod
    def rows(self, resources: Resources) -> Iterable[Row]:
        """Every workload of the state, as it runs now."""

    @abstractmethod
    def lost(self, resources: Resources) -> list[str]:
        """URNs of what the stack made beside its workloads and is not there any more."""

    @abstractmethod
    def rescale(self, row: Row) -> None:
        """Set the count of a workload to `row.wanted` where the engines leave it to an autoscaler."""

    @abstractmethod
    def workloads(self, resources: Resources) -> list[Workload]:
        """Every workload of the state, also what runs once, in the order in which an update changes them."""

    @abstractmethod
    def logs(self, workload: Workload, asked: Asked) -> Source:
        """Where the lines of a workload come from."""

    @abstractmethod
    def restart(self, workload: Workload) -> None:
        """Replace its replicas one after another, as an update does; returns when all are ready."""

    @abstractmethod
    def watch(self) -> Watch:
        """Looks for workloads of the stack that fail."""

    @abstractmethod
    def take_up(self, killed: KilledRun) -> list[dict[str, Any]]:
        """Find what a killed run was creating. Returns what is adopted, as a state holds it; other objects that hold no
        data are removed, so that they can be made again. Raises NotItsOwn for what is older than the run, or of another
        owner."""

    @abstractmethod
    def close_failed_jobs(self) -> list[str]:
        """Let the next update run jobs again that failed for good. Returns their names."""

    @abstractmethod
    def host(self, workload: Workload) -> str:
        """The name by which the stack's containers reach it, which a certificate has, too."""

    @abstractmethod
    def run_beside(self, workload: Workload, verb: str, command: Sequence[str], seconds: float) -> tuple[int, str]:
        """Run a command once in a container like `workload`'s: its exit code, and what it wrote."""

    @abstractmethod
    def opener(self, resources: Resources, workload: Workload, port: int, published: int) -> Opener:
        """How a page for operators is asked: at the port that it publishes, or else through the orchestrator."""

    @abstractmethod
    def owned(self, resources: Resources) -> Iterable[Owned]:
        """The volumes of the state, and whose they are."""

    @abstractmethod
    def leftovers(self, resources: Resources) -> Leftovers:
        """What will stay when the resources are destroyed."""
