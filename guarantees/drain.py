"""How long each part of the way to an application lets requests end when it stops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guarantees.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True)
class Drain:
    """A process that stops: `work_seconds` is the longest request or stream that it lets end; it is killed after
    `grace_seconds`, counted from its signal. `serves` are the components behind it. `forgotten`: others connect to it,
    and have to forget it first; `public`: a cloud's balancer has to, too.
    """

    name: str
    work_seconds: int
    grace_seconds: int
    serves: tuple[str, ...] = ()
    forgotten: bool = False
    public: bool = False

    def before(self, around: Surroundings) -> int:
        """Seconds from the order to stop to the signal."""
        if not self.forgotten:
            return 0
        return around.forget_public_seconds if self.public else around.forget_seconds


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A balancer, and the applications behind it."""

    front: Drain
    behind: Sequence[Drain]

    def steps(self) -> Iterator[tuple[int, int]]:
        """Seconds, each with those that it must not be shorter than: the balancer's kill and its drain, its drain and
        the requests of each application, each application's kill and its requests."""
        yield self.front.grace_seconds, self.front.work_seconds
        for one in self.behind:
            yield self.front.work_seconds, one.work_seconds
            yield one.grace_seconds, one.work_seconds

    @property
    def holds(self) -> bool:
        """Whether nothing is cut that another part would still let end."""
        return all(seconds >= least for seconds, least in self.steps())

    def said(self, around: Surroundings) -> dict[str, str]:
        """In words, for an output of the stack."""
        requests = [f"{one.name} {one.work_seconds} s (kill {_kill(one, around)} s)" for one in self.behind]
        return {
            "drain": f"{', '.join(requests)} <= {self.front.name} {self.front.work_seconds} s "
            f"(kill {_kill(self.front, around)} s)"
        }


def _kill(one: Drain, around: Surroundings) -> str:
    """With what comes before the signal."""
    before = one.before(around)
    return f"{before} + {one.grace_seconds}" if before else str(one.grace_seconds)
