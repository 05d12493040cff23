"""Deleting resources, dependents first, as many at a time as the run allows."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from sandbox.engine import apply
from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Step
from sandbox.engine.handles import Handles
from sandbox.engine.providers.base import Provider, ProviderError
from sandbox.engine.run import Run
from sandbox.engine.urns import is_provider, name_of


def ensure_unprotected(resources: Iterable[Resource]) -> None:
    """Raises EngineError naming every protected resource among those about to be deleted."""
    names = [f"{resource.type} {name_of(resource.urn)!r}" for resource in resources if resource.protect]
    if names:
        raise EngineError(
            f"protected, so not deleted: {', '.join(names)}. Nothing was deleted. Take `protect` off and run `up` "
            "first, or keep them with `destroy --exclude-protected`"
        )


def in_delete_order(resources: Iterable[Resource]) -> list[list[Resource]]:
    """The resources in levels: everything in a level may go once the levels before are gone."""
    left = list(resources)
    levels: list[list[Resource]] = []
    while left:
        needed = {urn for resource in left for urn in resource.needs()}
        level = [resource for resource in left if resource.urn not in needed] or left
        taken = {id(resource) for resource in level}
        levels.append(level)
        left = [resource for resource in left if id(resource) not in taken]
    return levels


class Deleter:
    """Deletes for one run."""

    def __init__(self, run: Run, handles: Handles) -> None:
        self._run = run
        self._handles = handles

    def delete_all(self, resources: list[Resource]) -> None:
        """Deletes `resources`, or tells what it would delete in a preview. A failure stops what has not begun."""
        run = self._run
        going = {resource.urn for resource in resources}
        if run.preview:
            for level in in_delete_order(resources):
                for resource in level:
                    run.finish(_step(resource, resource.condemned))
            return
        for resource in resources:
            if self._has_object(resource, going):
                self._handles.use(resource.provider).online()
        waiting: dict[str, int] = {}
        for resource in resources:
            for urn in resource.needs() & going:
                waiting[urn] = waiting.get(urn, 0) + 1
        blocked = list(resources)
        running: dict[Future[None], Resource] = {}
        with ThreadPoolExecutor(run.parallel, thread_name_prefix="delete") as pool:
            while blocked or running:
                ready = [] if run.ending else [resource for resource in blocked if not waiting.get(resource.urn)]
                taken = {id(resource) for resource in ready}
                blocked = [resource for resource in blocked if id(resource) not in taken]
                running.update({pool.submit(self.delete_one, resource, going): resource for resource in ready})
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    resource = running.pop(future)
                    if future.result() is None:
                        for urn in resource.needs() & going:
                            waiting[urn] -= 1

    def delete_one(self, resource: Resource, going: set[str], replaced: bool = False) -> None:
        """Deletes one resource whose dependents are gone, perhaps to replace it; a failure ends the run."""
        run = self._run
        step = _step(resource, replaced or resource.condemned)
        run.start(step)
        try:
            apply.delete(run, self._provider(resource, going), resource)
        except (ProviderError, EngineError) as error:
            run.fail(str(error), step)
        except Exception as error:
            run.fail(f"{type(error).__name__}: {error}", step)
        else:
            run.finish(step)

    def _has_object(self, resource: Resource, going: set[str]) -> bool:
        return (
            resource.custom
            and not is_provider(resource.type)
            and not resource.retain_on_delete
            and not resource.external
            and resource.deleted_with not in going
        )

    def _provider(self, resource: Resource, going: set[str]) -> Provider | None:
        return self._handles.use(resource.provider).provider if self._has_object(resource, going) else None


def _step(resource: Resource, replaced: bool) -> Step:
    return Step(op="delete", urn=resource.urn, type=resource.type, old=resource, replaced=replaced)
