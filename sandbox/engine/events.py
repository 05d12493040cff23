"""What happens in a run, told to whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.engine.checkpoint import Resource
from sandbox.engine.values import Change, Path

Op = Literal["same", "create", "update", "replace", "delete", "refresh"]
Level = Literal["advisory", "mandatory"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation on one resource. `old` is what the state holds, `new` what it will hold. `replaced` marks a
    deletion that is part of a replacement and not counted by itself."""

    op: Op
    urn: str
    type: str
    old: Resource | None = None
    new: Resource | None = None
    changes: Mapping[Path, Change] = field(default_factory=dict)
    delete_first: bool = False
    replaced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """What a policy found."""

    level: Level
    pack: str
    policy: str
    urn: str
    message: str


class Reporter:
    """Receives events from several threads. This one drops them all."""

    def started(self, step: Step) -> None:
        """An operation begins (not called in a preview)."""

    def finished(self, step: Step) -> None:
        """An operation has ended well; in a preview: is planned."""

    def failed(self, step: Step, reason: str) -> None:
        """An operation failed."""

    def message(self, severity: str, text: str, urn: str = "") -> None:
        """Something to say: severity is debug, info, warning or error."""

    def violation(self, violation: Violation) -> None:
        """A policy reports."""
