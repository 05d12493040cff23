"""What the threads of one preview or update share."""

from __future__ import annotations

import threading
from collections import Counter

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import Aborted
from sandbox.engine.events import Reporter, Step, Violation
from sandbox.engine.hooks import Hooks
from sandbox.engine.redaction import Redacting
from sandbox.engine.stack_config import StackConfig
from sandbox.engine.state import State
from sandbox.engine.urns import is_default_provider
from sandbox.engine.values import Properties


class Run:
    """One preview or update. `registered` holds what the program asked for so far, in order."""

    def __init__(self, config: StackConfig, state: State, reporter: Reporter, *, preview: bool, parallel: int) -> None:
        self.config = config
        self.state = state
        self.reporter = Redacting(reporter)
        for key in config.secret_keys:
            self.reporter.learn(config.values[key], hidden=True)
        for resource in state.live.values():
            self.reporter.learn((resource.inputs, resource.outputs))
        self.preview = preview
        self.hooks = Hooks(self.reporter, preview=preview)
        self.parallel = parallel
        self.lock = threading.RLock()
        self.slots = threading.BoundedSemaphore(parallel)
        self.registered: dict[str, Resource] = {}
        self.seen: set[str] = set()
        self.renamed: set[str] = set()
        self.deleted_early: dict[str, Resource] = {}
        self.violations: list[Violation] = []
        self.counts: Counter[str] = Counter()
        self.outputs: Properties = {}
        self.failures: list[str] = []
        self.interrupted = False
        # What the program warned of, up to the first colon.
        self.warned: set[str] = set()
        # The program ended with an error of its own, which it has told.
        self.refused_by_program = False

    def record(self, resource: Resource) -> None:
        """Keeps what a registration came to."""
        self.reporter.learn(resource.outputs)
        self.registered[resource.urn] = resource

    @property
    def ending(self) -> bool:
        """Whether nothing further may be begun."""
        return bool(self.failures) or self.interrupted or self.refused_by_program

    def ensure_open(self) -> None:
        """Raises Aborted when nothing further may be begun."""
        if self.ending:
            raise Aborted

    def start(self, step: Step) -> None:
        """Tells that an operation begins."""
        self.reporter.started(step)

    def finish(self, step: Step) -> None:
        """Counts an operation that ended well and tells so. Providers that the engine made are not counted."""
        if not step.replaced and not is_default_provider(step.urn):
            with self.lock:
                self.counts[step.op] += 1
        self.reporter.finished(step)

    def fail(self, reason: str, step: Step | None = None, urn: str = "") -> None:
        """Ends the run: what is at work may finish, nothing further begins. What fails everything alike, such as a host
        that does not answer, is told once."""
        with self.lock:
            told = reason in self.failures
            self.failures.append(reason)
        if step is not None:
            self.reporter.failed(step, reason)
        elif not told:
            self.reporter.message("error", reason, urn)

    def violated(self, violation: Violation) -> None:
        """Keeps and tells what a policy found."""
        with self.lock:
            self.violations.append(violation)
        self.reporter.violation(violation)

    @property
    def stopped_by_policy(self) -> bool:
        """Whether a mandatory policy was violated."""
        return any(violation.level == "mandatory" for violation in self.violations)
