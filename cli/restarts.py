"""Restarting what a person names, one workload after another."""

from collections.abc import Sequence

from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import step
from cli.workloads import Workload


def restart_each(on: Operations, resources: Resources, named: Sequence[Workload], app: str) -> None:
    """In the order of an update; what runs once is left out. Raises CommandError before anything is restarted where
    `app` means several components or nothing that goes on running, and between members where one is not ready."""
    components = sorted({workload.component for workload in named})
    if len(components) > 1:
        names = ", ".join(workload.word for workload in named)
        raise CommandError(f"APP={app} is {' and '.join(components)}; name what to restart: {names}.")
    going = [workload for workload in named if not workload.once]
    if not going:
        raise CommandError(f"{named[0].name} runs once; an update with another image or command runs it again.")
    for workload in going:
        _ensure_others_ready(on, resources, workload)
        with step(f"  {workload.name}: restarted"):
            on.restart(workload)


def _ensure_others_ready(on: Operations, resources: Resources, workload: Workload) -> None:
    """Members that are workloads of their own guard each other; those of one workload are guarded by its controller."""
    others = {one.urn for one in on.workloads(resources) if one.word == workload.word} - {workload.urn}
    for row in on.rows(resources) if others else ():
        if row.urn in others and row.wrong:
            raise CommandError(
                f"{workload.name} was not restarted: {row.name} beside it is not ready ({row.wrong}), and without both "
                "there may be too few. Let it come back first, or restart that one alone."
            )
