"""Carrying out an operation on one object so that a run killed at any moment can be taken up again.

The intent is durable before the provider is called, the outcome before anything else depends on it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.engine.inputs import hide_outputs
from sandbox.engine.providers.base import PartialFailure, Provider, ProviderError, operation_timeout
from sandbox.engine.values import UNKNOWN, Properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.engine.checkpoint import Resource
    from sandbox.engine.run import Run

INTERRUPTED = "the operation on it was interrupted"


def settled(draft: Resource, id: object, outputs: Properties, errors: tuple[str, ...] = ()) -> Resource:
    """`draft` as it is after its operation; outputs are secret where their inputs are."""
    hidden = hide_outputs(outputs, draft.inputs, draft.additional_secret_outputs)
    return replace(draft, id=id, outputs=hidden, init_errors=errors)


def create(run: Run, provider: Provider, draft: Resource, condemn: Resource | None = None) -> Resource:
    """Makes the object of `draft`; `condemn` is the entry it replaces."""
    # An object that was there before is not ours to adopt if the create fails.
    ours = provider.find(draft.type, draft.inputs) is None
    if ours:
        run.state.begin("creating", draft)
    try:
        with _working(run, draft, "create"):
            id, outputs = provider.create(draft.urn, draft.type, draft.inputs, False)
    except PartialFailure as failure:
        run.state.put(settled(draft, failure.id, failure.outputs, (failure.reason,)), condemn)
        raise
    except Exception:
        if ours:
            _settle_failed_create(run, provider, draft, condemn)
        raise
    resource = settled(draft, id, outputs)
    run.state.put(resource, condemn)
    return resource


def _settle_failed_create(run: Run, provider: Provider, draft: Resource, condemn: Resource | None) -> None:
    """A create that failed may have made the object all the same: an answer can be lost."""
    try:
        id = provider.find(draft.type, draft.inputs)
    except ProviderError:
        return  # The intent stays recorded; the next run asks again.
    if id is None:
        run.state.abandon(draft.urn)
    elif condemn is None or id != condemn.id:
        outputs = provider.read(draft.type, id, draft.inputs, {}) or {}
        run.state.put(settled(draft, id, outputs, (INTERRUPTED,)), condemn)
    else:
        run.state.abandon(draft.urn)


def update(run: Run, provider: Provider, draft: Resource, old: Resource) -> Resource:
    """Changes the object of `old` to what `draft` asks for."""
    run.state.begin("updating", replace(draft, id=old.id, outputs=old.outputs))
    arguments = (draft.urn, draft.type, str(old.id), old.inputs, old.outputs, draft.inputs, False)
    try:
        with _working(run, draft, "update"):
            outputs = provider.update(*arguments)
    except PartialFailure as failure:
        run.state.put(settled(draft, failure.id, failure.outputs, (failure.reason,)))
        raise
    except Exception as error:
        # How far it came is not known: the old inputs stay, and the next run updates again whatever they say.
        run.state.put(replace(old, init_errors=(str(error) or INTERRUPTED,)))
        raise
    resource = settled(draft, old.id, outputs)
    run.state.put(resource)
    return resource


def preview_create(provider: Provider, draft: Resource, online: bool) -> Resource:
    """What `create` would give, as far as it can be known."""
    if not online:
        return settled(draft, UNKNOWN, draft.inputs)
    id, outputs = provider.create(draft.urn, draft.type, draft.inputs, True)
    return settled(draft, id, outputs)


def preview_update(provider: Provider, draft: Resource, old: Resource, online: bool) -> Resource:
    """What `update` would give, as far as it can be known."""
    if not online:
        return settled(draft, old.id, {**old.outputs, **draft.inputs})
    outputs = provider.update(draft.urn, draft.type, str(old.id), old.inputs, old.outputs, draft.inputs, True)
    return settled(draft, old.id, outputs)


def delete(run: Run, provider: Provider | None, resource: Resource) -> None:
    """Deletes the object of `resource` and forgets it; without a provider only forgets it."""
    if provider is not None:
        if not resource.condemned:
            run.state.begin("deleting", resource)
        with _working(run, resource, "delete"):
            provider.delete(resource.type, str(resource.id), resource.inputs, resource.outputs)
    run.state.drop(resource)


@contextmanager
def _working(run: Run, resource: Resource, action: str) -> Iterator[None]:
    with run.slots, operation_timeout(resource.custom_timeouts.get(action)):
        yield
