"""Taking up what a killed run left: operations that were begun and whose outcome nobody recorded."""

from __future__ import annotations

from dataclasses import replace

from sandbox.engine.apply import INTERRUPTED, settled
from sandbox.engine.checkpoint import Resource
from sandbox.engine.handles import Handles
from sandbox.engine.run import Run
from sandbox.engine.urns import name_of


def recover(run: Run, handles: Handles) -> None:
    """Asks the providers what became of each begun operation and records it, so that no object is orphaned: one that
    was made is adopted, one that was being changed is changed again, one that is gone is forgotten."""
    for urn, (kind, resource) in list(run.state.pending.items()):
        if run.preview:
            run.reporter.message("warning", f"an earlier run was killed while {kind} it; `up` will find out", urn)
            continue
        handle = handles.use(resource.provider)
        handle.online()
        run.reporter.message("info", f"an earlier run was killed while {kind} {name_of(urn)!r}: looking for it", urn)
        if kind == "creating":
            _creating(run, handles, resource)
        else:
            _changing(run, handles, run.state.live.get(urn))
        run.state.abandon(urn)


def _creating(run: Run, handles: Handles, resource: Resource) -> None:
    provider = handles.use(resource.provider).provider
    id = provider.find(resource.type, resource.inputs)
    live = run.state.live.get(resource.urn)
    if id is None or (live is not None and live.id == id):
        return
    outputs = provider.read(resource.type, id, resource.inputs, {}) or {}
    adopted = settled(resource, id, outputs, (INTERRUPTED,))
    # A replacement that was not recorded: the old object is still the one in use, so the new one goes.
    run.state.put(adopted if live is None else replace(adopted, condemned=True))


def _changing(run: Run, handles: Handles, resource: Resource | None) -> None:
    if resource is None:
        return
    provider = handles.use(resource.provider).provider
    outputs = provider.read(resource.type, str(resource.id), resource.inputs, resource.outputs)
    if outputs is None:
        run.state.drop(resource)
    else:
        run.state.put(settled(resource, resource.id, outputs, (INTERRUPTED,)))
