"""Acknowledged writes that a fault may lose."""

from dataclasses import dataclass

from guarantees.timer import seconds_text
from settings.types import size_text


@dataclass(frozen=True, kw_only=True)
class Loss:
    """At most the writes of the last `millis`, and `behind_bytes` of log on top of them (None: there is no bound).

    `cut_off_millis` is how long clients on the side of a host that was cut off may still get acknowledgements that are
    lost. `fix` says how to lose less; what is `disposable` is there to be lost (a cache).
    """

    millis: int | None = 0
    behind_bytes: int = 0
    cut_off_millis: int = 0
    fix: str = ""
    disposable: bool = False

    @property
    def bound(self) -> int | None:
        """Milliseconds of writes, wherever the client is; None: a time does not bound it."""
        if self.millis is None or self.behind_bytes:
            return None
        return max(self.millis, self.cut_off_millis)

    def __str__(self) -> str:
        if self.millis is None:
            return "any acknowledged write"
        parts = [f"{size_text(self.behind_bytes)} of log"] if self.behind_bytes else []
        parts += [f"the writes of {seconds_text(self.millis)} s"] if self.millis else []
        if not parts and not self.cut_off_millis:
            return "none"
        if self.cut_off_millis > self.millis:
            parts.append(f"on a host that is cut off the writes of {seconds_text(self.cut_off_millis)} s")
        return ", ".join(parts)


NOTHING = Loss()
"""Every acknowledged write is kept."""
