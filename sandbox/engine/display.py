"""Telling a run to people: plain lines, or colours and what is at work when standard output is a terminal."""

from __future__ import annotations

import difflib
import json
import threading

from rich.console import Console
from rich.status import Status
from rich.text import Text

from sandbox.engine.events import Reporter, Step, Violation
from sandbox.engine.urns import is_default_provider, is_provider, name_of
from sandbox.engine.values import UNKNOWN, Change, Value, format_path, has_secret, plain

_SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-", "refresh": "~>"}
_STYLES = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red", "refresh": "cyan"}
_LONGEST_VALUE = 100
_MOST_LINES = 40


def show(value: Value) -> str:
    """A value in one line; secrets and unknown values are only named."""
    if has_secret(value):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    text = json.dumps(plain(value, "[unknown]"), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def change_lines(path: str, change: Change) -> list[str]:
    """One changed property: in one line, or the lines that differ of a text of several."""
    sign = {"add": "+", "delete": "-", "update": "~"}[change.kind]
    suffix = "  (needs a new object)" if change.replace else ""
    if differing := _differing_lines(change):
        return [f"{sign} {path}:{suffix}", *(f"    {line}" for line in differing)]
    values = {"add": show(change.new), "delete": show(change.old)}.get(
        change.kind, f"{show(change.old)} => {show(change.new)}"
    )
    return [f"{sign} {path}: {values}{suffix}"]


def _differing_lines(change: Change) -> list[str]:
    """As `diff -U1` without its headings; empty unless a text of several lines became another one."""
    old, new = change.old, change.new
    if not (isinstance(old, str) and isinstance(new, str) and "\n" in old.rstrip() + new.rstrip()):
        return []
    found = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))
    lines = ["..." if line.startswith("@@") else line for line in found[2:]]
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"... and {more} more lines"]


class Display(Reporter):
    """Shows each operation that changes something, messages and policy reports."""

    def __init__(self, verbose: bool = False) -> None:
        self._console = Console(highlight=False, soft_wrap=True, emoji=False)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._verbose = verbose
        self._lock = threading.RLock()
        self._at_work: dict[str, str] = {}
        self._status: Status | None = None
        self._held: list[Step] = []

    def _print(self, text: str, style: str = "", error: bool = False) -> None:
        with self._lock:
            console = self._errors if error else self._console
            console.print(text, style=style or None, markup=False)

    def _refresh(self) -> None:
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        names = list(self._at_work.values())
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        self._status.update(Text(f"{', '.join(names[:4])}{more}"))

    def close(self) -> None:
        """Takes the line of what is at work away."""
        with self._lock:
            if self._status is not None:
                self._status.stop()
                self._status = None

    def started(self, step: Step) -> None:
        with self._lock:
            self._at_work[step.urn] = f"{_SIGNS.get(step.op, step.op)} {name_of(step.urn)}"
            self._refresh()

    def _ended(self, step: Step) -> None:
        if self._at_work.pop(step.urn, None):
            self._refresh()

    def finished(self, step: Step) -> None:
        with self._lock:
            self._ended(step)
            if step.op == "same" or is_default_provider(step.urn):
                return
            self._held.append(step)
            resource = step.new or step.old
            # Components and providers alone are not news: a program that ends with a fault has registered some.
            if resource is not None and resource.custom and not is_provider(step.type):
                self.flush()

    def flush(self) -> None:
        """Shows what was held back."""
        with self._lock:
            held, self._held = self._held, []
            for step in held:
                why = "  (replaced)" if step.replaced else ""
                self._print(f"{_SIGNS[step.op]:>3} {step.type}  {name_of(step.urn)}{why}", _STYLES[step.op])
                for path, change in step.changes.items():
                    for line in change_lines(format_path(path), change):
                        self._print(f"      {line}")

    def failed(self, step: Step, reason: str) -> None:
        with self._lock:
            self._ended(step)
            self._print(f"  ! {step.type}  {name_of(step.urn)}: {step.op} failed: {reason}", "bold red", error=True)

    def message(self, severity: str, text: str, urn: str = "") -> None:
        if severity == "debug" and not self._verbose:
            return
        where = f"{name_of(urn)}: " if urn.startswith("urn:") else ""
        label = "" if severity == "info" else f"{severity}: "
        styles = {"error": "bold red", "warning": "yellow"}
        self._print(f"{label}{where}{text.rstrip()}", styles.get(severity, ""), error=severity == "error")

    def violation(self, violation: Violation) -> None:
        where = f" {name_of(violation.urn)}" if violation.urn else ""
        stops = violation.level == "mandatory"
        text = f"policy [{violation.level}] {violation.pack}/{violation.policy}{where}: {violation.message}"
        self._print(text, "bold red" if stops else "yellow", error=stops)

    def say(self, text: str) -> None:
        """A line of its own, after everything that was held back."""
        self.flush()
        self._print(text)
