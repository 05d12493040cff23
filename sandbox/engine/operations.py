"""Preview, update, destroy and refresh of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.checkpoint import Resource
from sandbox.engine.deletion import Deleter, ensure_unprotected
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Reporter, Step, Violation
from sandbox.engine.handles import Handles
from sandbox.engine.interrupts import interruptible
from sandbox.engine.monitor import serving
from sandbox.engine.policy import Pack, Policies
from sandbox.engine.program import run_program
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.recovery import recover
from sandbox.engine.refresh import doubt, refresh_resource
from sandbox.engine.registrar import Registrar
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig
from sandbox.engine.state import State
from sandbox.engine.urns import is_provider


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a command works on. `packs`: policy packs, each with the file that configures it, or none. The objects of
    `doubted` URNs are compared before a preview or an update plans."""

    directory: Path
    config: StackConfig
    state: State
    parallel: int
    packs: tuple[tuple[Path, Path | None], ...] = ()
    doubted: tuple[str, ...] = ()

    def run(self, reporter: Reporter, *, preview: bool) -> Run:
        return Run(self.config, self.state, reporter, preview=preview, parallel=self.parallel)


class Gate(Reporter):
    """Passes on only what stops an update, from the preview made before it."""

    def __init__(self, inner: Reporter) -> None:
        self._inner = inner

    def failed(self, step: Step, reason: str) -> None:
        self._inner.failed(step, reason)

    def message(self, severity: str, text: str, urn: str = "") -> None:
        if severity == "error":
            self._inner.message(severity, text, urn)

    def violation(self, violation: Violation) -> None:
        if violation.level == "mandatory":
            self._inner.violation(violation)


def preview(job: Job, reporter: Reporter) -> Run:
    """What an update would do. A provider that cannot be reached is only a warning."""
    run = job.run(reporter, preview=True)
    handles = Handles(run, lenient=True)
    recover(run, handles)
    _compare(job, run, handles)
    if not run.ending:
        _program(job, run, handles)
    return run


def update(job: Job, reporter: Reporter) -> Run:
    """Brings the stack to what the program asks for. Whatever a preview can tell to be wrong stops it before anything
    is changed; a failure later leaves a state from which the next update goes on."""
    run = job.run(reporter, preview=False)
    handles = Handles(run, lenient=False)
    recover(run, handles)
    _compare(job, run, handles)
    if run.ending:
        job.state.discard()
        return run
    gate = job.run(Gate(reporter), preview=True)
    _program(job, gate, Handles(gate, lenient=False))
    if gate.ending or gate.stopped_by_policy:
        if not gate.refused_by_program:
            gate.reporter.message("error", "nothing was changed")
        job.state.discard()
        return gate
    try:
        _program(job, run, handles)
    finally:
        job.state.close()
    return run


def destroy(job: Job, reporter: Reporter, exclude_protected: bool) -> tuple[Run, list[Resource]]:
    """Deletes everything in the state, and says what stays: protected resources with what they need, when those are
    excluded, and the objects of resources with `retain_on_delete`."""
    run = job.run(reporter, preview=False)
    handles = Handles(run, lenient=False)
    recover(run, handles)
    resources = job.state.resources()
    kept = _kept(resources) if exclude_protected else set()
    going = [resource for resource in resources if resource.urn not in kept]
    ensure_unprotected(going)
    staying = [resource for resource in resources if resource.protect or resource.retain_on_delete]
    try:
        with interruptible(run):
            Deleter(run, handles).delete_all(going)
    finally:
        job.state.close()
    return run, staying


def _kept(resources: list[Resource]) -> set[str]:
    kept: set[str] = set()
    for resource in reversed(resources):
        if resource.protect or resource.urn in kept:
            kept |= {resource.urn, *resource.needs()}
    return kept


def refresh(job: Job, reporter: Reporter, apply: bool) -> Run:
    """Compares every object with the state; with `apply` the state takes over what is found, so that the next update
    repairs it."""
    run = job.run(reporter, preview=not apply)
    handles = Handles(run, lenient=False)
    recover(run, handles)
    try:
        with interruptible(run):
            for resource in job.state.resources():
                if run.ending:
                    break
                if resource.custom and not is_provider(resource.type) and not resource.condemned:
                    refresh_resource(run, handles, resource)
    finally:
        job.state.close()
    return run


def _compare(job: Job, run: Run, handles: Handles) -> None:
    for urn in job.doubted:
        if resource := job.state.live.get(urn):
            doubt(run, handles, resource)


def _program(job: Job, run: Run, handles: Handles) -> None:
    packs: list[Pack] = []
    try:
        for directory, config in job.packs:
            packs.append(Pack(directory, config, run.config, run.preview))
        policies = Policies(run, packs)
        with interruptible(run):
            with serving(run, Registrar(run, handles, policies)) as address:
                code = run_program(run, job.directory, address)
                run.refused_by_program = code != 0 and not run.ending
            if not run.ending:
                policies.judge_stack()
            if not run.ending and not (run.stopped_by_policy and not run.preview):
                delete_unwanted(run, handles)
    finally:
        for pack in packs:
            pack.close()


def delete_unwanted(run: Run, handles: Handles) -> None:
    """Deletes what the program no longer asks for and what was replaced."""
    resources = [
        resource
        for resource in run.state.resources()
        if resource.condemned or (resource.urn not in run.registered and resource.urn not in run.renamed)
    ]
    try:
        ensure_unprotected(resource for resource in resources if not resource.condemned)
        Deleter(run, handles).delete_all(resources)
    except (EngineError, ProviderError) as error:
        run.fail(str(error))
