"""A preview as JSON in the shape of `pulumi preview --json`."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from typing import Any

from sandbox.engine.checkpoint import Resource, dump_resource
from sandbox.engine.events import Reporter, Step, Violation
from sandbox.engine.run import Run
from sandbox.engine.urns import STACK_TYPE, is_default_provider
from sandbox.engine.values import Secret, Value, format_path
from sandbox.engine.wire import UNKNOWN_TEXT


def _masked(value: Value) -> Value:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, (list, tuple)) else value


def shown(resource: Resource) -> dict[str, Any]:
    """The resource in checkpoint form, its secrets masked and an id that is not known yet left out."""
    masked = replace(resource, inputs=_masked(resource.inputs), outputs=_masked(resource.outputs))
    document = dump_resource(masked, None)
    if document.get("id") == UNKNOWN_TEXT:
        del document["id"]
    return document


class Digest(Reporter):
    """Collects the steps of a preview; errors are also told on standard error. As with the CLI, a replacement is one
    step and default providers are none."""

    def __init__(self, show_same: bool) -> None:
        self._show_same = show_same
        self._lock = threading.Lock()
        self._steps: list[dict[str, Any]] = []
        self._diagnostics: list[dict[str, str]] = []
        self._begun = time.monotonic_ns()

    def finished(self, step: Step) -> None:
        if step.replaced or is_default_provider(step.urn):
            return
        if step.op != "same" or self._show_same or step.type == STACK_TYPE:
            with self._lock:
                self._steps.append(self._entry(step))

    def _entry(self, step: Step) -> dict[str, Any]:
        resource = step.new or step.old
        entry: dict[str, Any] = {"op": step.op, "urn": step.urn}
        if resource is not None and resource.provider:
            entry["provider"] = resource.provider
        if step.old is not None:
            entry["oldState"] = shown(step.old)
        if step.new is not None:
            entry["newState"] = shown(step.new)
        if step.changes:
            entry["diffReasons"] = sorted({str(path[0]) for path in step.changes})
            replacing = sorted({str(path[0]) for path, change in step.changes.items() if change.replace})
            if replacing:
                entry["replaceReasons"] = replacing
        detail = {
            format_path(path): {"kind": f"{change.kind}{'-replace' if change.replace else ''}", "inputDiff": True}
            for path, change in step.changes.items()
        }
        return {**entry, "detailedDiff": detail or None}

    def message(self, severity: str, text: str, urn: str = "") -> None:
        if severity != "debug":
            with self._lock:
                where = {"urn": urn} if urn.startswith("urn:") else {}
                self._diagnostics.append({**where, "message": f"{severity}: {text}\n", "severity": severity})
        if severity == "error":
            print(f"error: {text}", file=sys.stderr)

    def violation(self, violation: Violation) -> None:
        severity = "error" if violation.level == "mandatory" else "warning"
        text = f"[{violation.level}] {violation.pack} {violation.policy}: {violation.message}"
        self.message(severity, text, violation.urn)

    def document(self, run: Run) -> dict[str, Any]:
        """The whole digest; `duration` in nanoseconds."""
        return {
            "config": run.config.shown(),
            "steps": self._steps,
            "diagnostics": self._diagnostics,
            "duration": time.monotonic_ns() - self._begun,
            "changeSummary": dict(sorted(run.counts.items())),
        }
