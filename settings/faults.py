"""Faults of a stack file, and the one report that shows them all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from settings.plain_secrets import holds_a_secret

_SECRET_KEY = re.compile(r"pass(?!thr)|pwd|secret|token|_key(?!s)|credential|salt|dsn", re.IGNORECASE)
"""Wider than what is refused: a value that is not shown costs little."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken rule. `path` is the YAML path, `got` the value as shown (None: nothing to show), `fix` what to do."""

    path: str
    rule: str
    got: str | None = None
    fix: str | None = None

    def __str__(self) -> str:
        got = f" (got {self.got})" if self.got is not None else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{self.path}: {self.rule}{got}.{fix}"


class BrokenStack(Exception):
    """A stack that was refused before any resource was registered.

    `unjudged` names the parts that are too broken for rules across keys to be judged.
    """

    def __init__(self, source: str, faults: Sequence[Fault], *, unjudged: Sequence[str] = ()) -> None:
        self.source = source
        self.faults = tuple(sorted(faults, key=lambda fault: fault.path))
        self.unjudged = tuple(sorted(unjudged))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = [f"{source}: {count}, nothing was changed", *(f"  {fault}" for fault in self.faults)]
        if self.unjudged:
            lines.append(f"  Rules that involve {', '.join(self.unjudged)} are judged when these faults are fixed.")
        super().__init__("\n".join(lines))


def shown(path: str, value: object) -> str | None:
    """The value as a report may show it: scalars only, and nothing under a key that may hold a secret."""
    if _SECRET_KEY.search(path) or (isinstance(value, str) and holds_a_secret(value)):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return repr(text)
    return None
