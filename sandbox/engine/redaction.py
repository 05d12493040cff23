"""Keeping secrets out of what is told: error texts of an API and findings of a policy may quote any value."""

from __future__ import annotations

from dataclasses import replace

from sandbox.engine.events import Reporter, Step, Violation
from sandbox.engine.values import Secret, Value

# Shorter ones would blank out ordinary words.
_SHORTEST = 4


class Redacting(Reporter):
    """Passes everything on, with each known secret replaced by `[secret]` in texts."""

    def __init__(self, inner: Reporter) -> None:
        self._inner = inner
        self._secrets: set[str] = set()

    def learn(self, value: Value, hidden: bool = False) -> None:
        """Remembers every string inside a `Secret` in `value`; with `hidden` every string."""
        if isinstance(value, Secret):
            self.learn(value.value, True)
        elif isinstance(value, dict):
            for item in value.values():
                self.learn(item, hidden)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.learn(item, hidden)
        elif hidden and isinstance(value, str) and len(value) >= _SHORTEST:
            self._secrets.add(value)

    def clean(self, text: str) -> str:
        """`text` without secrets; a longer one goes first, for it may hold a shorter."""
        for known in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(known, "[secret]")
        return text

    def started(self, step: Step) -> None:
        self._inner.started(step)

    def finished(self, step: Step) -> None:
        self._inner.finished(step)

    def failed(self, step: Step, reason: str) -> None:
        self._inner.failed(step, self.clean(reason))

    def message(self, severity: str, text: str, urn: str = "") -> None:
        self._inner.message(severity, self.clean(text), urn)

    def violation(self, violation: Violation) -> None:
        self._inner.violation(replace(violation, message=self.clean(violation.message)))
