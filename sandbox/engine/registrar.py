"""Registering resources: the program's wish, the state and the provider's answer become one operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.engine import apply
from sandbox.engine.checkpoint import Resource, renamed
from sandbox.engine.deletion import Deleter, ensure_unprotected
from sandbox.engine.dependents import dependents_to_replace
from sandbox.engine.errors import Aborted, EngineError
from sandbox.engine.events import Step
from sandbox.engine.goal import Goal
from sandbox.engine.handles import Handle, Handles
from sandbox.engine.inputs import keep_ignored
from sandbox.engine.plan import Plan, make_plan
from sandbox.engine.policy import Policies
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.run import Run
from sandbox.engine.urns import STACK_TYPE, package_of
from sandbox.engine.values import Properties


class Registrar:
    """Serves the registrations of one run; its methods are called by several threads."""

    def __init__(self, run: Run, handles: Handles, policies: Policies) -> None:
        self._run = run
        self._handles = handles
        self._policies = policies
        self._deleter = Deleter(run, handles)

    def register(self, goal: Goal) -> Resource:
        """Brings one resource to its goal and returns it. Raises Aborted, EngineError or ProviderError."""
        run = self._run
        run.ensure_open()
        run.reporter.learn(goal.inputs)
        with run.lock:
            if goal.urn in run.seen:
                raise EngineError(f"{goal.type} {goal.name!r} is registered twice: give one of them another name")
            run.seen.add(goal.urn)
        old = self._old(goal)
        if not goal.custom:
            resource = self._component(goal, old)
        elif goal.is_provider:
            resource = self._handles.register(goal, **_options(goal))
        else:
            resource = self._custom(goal, old)
        return resource

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Records what a component exports."""
        run = self._run
        with run.lock:
            if urn not in run.registered:
                raise EngineError(f"{urn}: its outputs are registered before it is")
            resource = replace(run.registered[urn], outputs=outputs)
            run.registered[urn] = resource
        if resource.type == STACK_TYPE:
            run.outputs = outputs
        if not run.preview:
            run.state.note(resource)

    def _old(self, goal: Goal) -> Resource | None:
        run = self._run
        with run.lock:
            known = run.state.live.get(goal.urn)
            for alias in goal.aliases if known is None else ():
                if alias in run.state.live and alias not in run.seen:
                    run.renamed.add(alias)
                    if run.preview:
                        known = renamed(run.state.live[alias], alias, goal.urn)
                    else:
                        run.state.rename(alias, goal.urn)
                        known = run.state.live[goal.urn]
                    break
        return None if known is not None and known.external else known

    def _component(self, goal: Goal, old: Resource | None) -> Resource:
        run = self._run
        resource = Resource(
            urn=goal.urn,
            type=goal.type,
            custom=False,
            inputs=goal.inputs,
            outputs=old.outputs if old else {},
            **_options(goal),
        )
        run.record(resource)
        if not run.preview:
            run.state.note(resource)
        run.finish(Step(op="same" if old else "create", urn=goal.urn, type=goal.type, old=old, new=resource))
        return resource

    def _custom(self, goal: Goal, old: Resource | None) -> Resource:
        what = f"{goal.type} {goal.name!r}"
        reference = goal.provider or self._handles.default(package_of(goal.type), goal.version, what)
        handle = self._handles.use(reference)
        handle.check_type(goal.type, goal.name)
        before = self._run.deleted_early.get(goal.urn)
        old = None if before is not None else old
        wanted = keep_ignored(goal.inputs, old.inputs, goal.ignored()) if old else goal.inputs
        draft = self._check(goal, handle, reference, old.inputs if old else {}, wanted)
        self._policies.judge(draft)
        if before is not None:
            return self._create(draft, handle, Step(op="replace", urn=goal.urn, type=goal.type, old=before, new=draft))
        plan = make_plan(goal, old, reference, draft.inputs, handle.provider)
        step = Step(
            op=plan.op,
            urn=goal.urn,
            type=goal.type,
            old=old,
            new=draft,
            changes=plan.changes,
            delete_first=plan.delete_first,
        )
        if old is None:
            return self._create(draft, handle, step)
        if plan.op == "replace":
            # Defaults and automatic names were kept from the old object; a new one gets its own.
            draft = self._check(goal, handle, reference, {}, wanted)
            return self._replace(draft, old, handle, replace(step, new=draft), plan)
        if plan.op == "update":
            return self._update(goal, draft, old, handle, step)
        resource = replace(draft, id=old.id, outputs=old.outputs)
        self._run.record(resource)
        if not self._run.preview:
            self._run.state.note(resource)
        self._run.finish(replace(step, new=resource))
        return resource

    def _check(self, goal: Goal, handle: Handle, reference: str, old: Properties, wanted: Properties) -> Resource:
        """The resource with its inputs checked by the provider."""
        inputs = handle.provider.check(goal.urn, goal.name, goal.type, old, wanted)
        return Resource(urn=goal.urn, type=goal.type, custom=True, inputs=inputs, provider=reference, **_options(goal))

    def _create(self, draft: Resource, handle: Handle, step: Step, condemn: Resource | None = None) -> Resource:
        online = handle.online()
        if self._run.preview:
            return self._planned(apply.preview_create(handle.provider, draft, online), step)
        return self._performed(step, lambda: apply.create(self._run, handle.provider, draft, condemn))

    def _update(self, goal: Goal, draft: Resource, old: Resource, handle: Handle, step: Step) -> Resource:
        online = handle.online()
        if self._run.preview:
            self._run.hooks.before_update(goal.before_update, old, draft)
            return self._planned(apply.preview_update(handle.provider, draft, old, online), step)

        def operation() -> Resource:
            self._run.hooks.before_update(goal.before_update, old, draft)
            return apply.update(self._run, handle.provider, draft, old)

        return self._performed(step, operation)

    def _replace(self, draft: Resource, old: Resource, handle: Handle, step: Step, plan: Plan) -> Resource:
        if not plan.delete_first:
            return self._create(draft, handle, step, condemn=old)
        self._delete_with_dependents(old)
        return self._create(draft, handle, step)

    def _delete_with_dependents(self, old: Resource) -> None:
        run = self._run
        with run.lock:
            dependents = dependents_to_replace(old, run.state.resources(), self._replaces)
            dependents = [resource for resource in dependents if resource.urn not in run.deleted_early]
            ensure_unprotected(dependents)
            run.deleted_early.update({resource.urn: resource for resource in dependents})
        if run.preview:
            return
        for resource in reversed(dependents):
            self._deleter.delete_one(resource, set(), replaced=True)
            run.ensure_open()
        self._deleter.delete_one(old, set(), replaced=True)
        run.ensure_open()

    def _replaces(self, resource: Resource, inputs: Properties) -> bool:
        provider = self._handles.use(resource.provider).provider
        changes = provider.diff(resource.type, resource.inputs, resource.outputs, inputs).changes
        return any(change.replace for change in changes.values())

    def _planned(self, resource: Resource, step: Step) -> Resource:
        self._run.record(resource)
        self._run.finish(replace(step, new=resource))
        return resource

    def _performed(self, step: Step, operation: Callable[[], Resource]) -> Resource:
        run = self._run
        run.ensure_open()
        run.start(step)
        try:
            resource = operation()
        except (ProviderError, EngineError) as error:
            run.fail(str(error), step)
            raise Aborted from None
        except Exception as error:
            run.fail(f"{type(error).__name__}: {error}", step)
            raise Aborted from None
        run.record(resource)
        run.finish(replace(step, new=resource))
        return resource


def _options(goal: Goal) -> dict[str, Any]:
    return {
        "parent": goal.parent,
        "dependencies": goal.dependencies,
        "property_dependencies": goal.property_dependencies,
        "protect": goal.protect,
        "retain_on_delete": goal.retain_on_delete,
        "aliases": goal.aliases,
        "additional_secret_outputs": goal.additional_secret_outputs,
        "ignore_changes": goal.ignore_changes,
        "custom_timeouts": goal.custom_timeouts,
    }
