"""What one fault may do to writes."""

from dataclasses import dataclass

from guarantees.loss import Loss
from guarantees.timer import Timer, seconds_text, total


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One fault of a healthy store: how long writes stop at worst, and what may be lost.

    `timers` run one after the other; `unbounded` says instead why no time bounds the outage, and `fix` what would.
    `planned` are operations that somebody asks for. With `everything` lost, no objective is judged: they are about one
    container, process or host.
    """

    fault: str
    timers: tuple[Timer, ...] = ()
    loss: Loss
    planned: bool = False
    everything: bool = False
    unbounded: str = ""
    fix: str = ""

    @property
    def outage_millis(self) -> int | None:
        """None: no time bounds it."""
        return None if self.unbounded else total(self.timers)

    @property
    def made_of(self) -> str:
        """`ttl 30 + loop_wait 10`, in seconds."""
        return " + ".join(str(timer) for timer in self.timers if timer.millis)

    def said(self) -> dict[str, str]:
        """In words, for an output of the stack."""
        if self.outage_millis is None:
            return {"no writes": self.unbounded, "lost": str(self.loss)}
        return {
            "no writes": f"{seconds_text(self.outage_millis)} s",
            "lost": str(self.loss),
            "made of": self.made_of,
        }
