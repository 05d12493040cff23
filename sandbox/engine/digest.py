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
from sandbox.engine.urns import STACK_TYPE
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
    """Collects the steps of a preview; errors are also told on standard error. A replacement is three steps, as in the
    CLI, and counted as one."""

    def __init__(self, show_same: bool) -> None:
        self._show_same = show_same
        self._lock = threading.Lock()
        self._steps: list[dict[str, Any]] = []
        self._diagnostics: list[dict[str, str]] = []
        self._begun = time.monotonic_ns()

    def finished(self, step: Step) -> None:
        if step.op == "same" and not self._show_same and step.type != STACK_TYPE:
            return
        ops: tuple[str, ...] = (step.op,)
        if step.op == "replace":
            ops = ("create-replacement", "replace", "delete-replaced")
            ops = (ops[2], ops[1], ops[0]) if step.delete_first else ops
        with self._lock:
            self._steps.extend(self._entry(op, step) for op in ops)

    def _entry(self, op: str, step: Step) -> dict[str, Any]:
        resource = step.new or step.old
        entry: dict[str, Any] = {"op": op, "urn": step.urn}
        if resource is not None and resource.provider:
            entry["provider"] = resource.provider
        if step.old is not None and op != "create":
            entry["oldState"] = shown(step.old)
        if step.new is not None and op != "delete-replaced":
            entry["newState"] = shown(step.new)
        if step.changes:
            entry["diffReasons"] = sorted({str(path[0]) for path in step.changes})
            replacing = sorted({str(path[0]) for path, change in step.changes.items() if change.replace})
            if replacing:
                entry["replaceReasons"] = replacing
            entry["detailedDiff"] = {
                format_path(path): {"kind": f"{change.kind}{'-replace' if change.replace else ''}", "inputDiff": True}
                for path, change in step.changes.items()
            }
        return entry

    def message(self, severity: str, text: str, urn: str = "") -> None:
        if severity != "debug":
            with self._lock:
                self._diagnostics.append({"urn": urn, "message": text, "severity": severity})
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
            "maybeCorrupt": False,
        }
