"""Drift: what an object is, against what the program set."""

from __future__ import annotations

from dataclasses import replace

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Op, Step
from sandbox.engine.handles import Handles
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.run import Run
from sandbox.engine.values import Secret, Value, diff, secret

DIFFERS = "it was changed outside of this stack"


def overlaid(inputs: Value, live: Value) -> Value:
    """`inputs` with the values of `live` wherever the program set one; secrets stay secret."""
    if isinstance(inputs, Secret):
        return secret(overlaid(inputs.value, live))
    if isinstance(live, Secret):
        return secret(overlaid(inputs, live.value))
    if isinstance(inputs, dict) and isinstance(live, dict):
        return {
            key: value if key.startswith("__") or value is None else overlaid(value, live.get(key))
            for key, value in inputs.items()
        }
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [overlaid(value, found) for value, found in zip(inputs, live, strict=True)]
    return live


def refresh_resource(run: Run, handles: Handles, resource: Resource) -> None:
    """Tells how one object differs from its recorded inputs; in an update (`refresh --apply`) records it."""
    try:
        handle = handles.use(resource.provider)
        handle.online()
        provider = handle.provider
        live = provider.live(resource.type, str(resource.id), resource.inputs)
        if live is None:
            run.finish(Step(op="delete", urn=resource.urn, type=resource.type, old=resource))
            if not run.preview:
                run.state.drop(resource)
            return
        inputs = overlaid(resource.inputs, live)
        changes = diff(resource.inputs, inputs)
        new = resource
        if changes and not run.preview:
            outputs = provider.read(resource.type, str(resource.id), resource.inputs, resource.outputs)
            new = replace(resource, inputs=inputs, outputs=outputs or resource.outputs)
            run.state.put(new)
        op: Op = "refresh" if changes else "same"
        run.finish(Step(op=op, urn=resource.urn, type=resource.type, old=resource, new=new, changes=changes))
    except (ProviderError, EngineError) as error:
        run.fail(str(error), urn=resource.urn)


def doubt(run: Run, handles: Handles, resource: Resource) -> None:
    """Compares one object before this run plans: it is updated if it differs, whatever its inputs say, and made again
    if it is gone.

    Nothing is recorded of that by itself: until the run has put it right, the state says what was asked for.
    """
    try:
        handle = handles.use(resource.provider)
        if not handle.online():
            return
        live = handle.provider.live(resource.type, str(resource.id), resource.inputs)
    except (ProviderError, EngineError) as error:
        run.fail(str(error), urn=resource.urn)
        return
    if live is None:
        run.reporter.message("warning", "it is gone, and is made again", resource.urn)
        del run.state.live[resource.urn]
        return
    changes = diff(resource.inputs, overlaid(resource.inputs, live))
    if changes:
        run.state.live[resource.urn] = replace(resource, init_errors=(DIFFERS,))
        run.finish(
            Step(op="refresh", urn=resource.urn, type=resource.type, old=resource, new=resource, changes=changes)
        )
