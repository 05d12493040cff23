"""Backups: whether what is lost can be had again."""

from collections.abc import Iterator, Sequence

from rules.rule import ADVISORY, Rule
from views import Stack, WorkloadView


def _without(stack: Stack) -> Iterator[str]:
    views = stack.workloads
    drilled = {view.origin.removesuffix(".backups.verify") for view in views if view.origin.endswith(".backups.verify")}
    yield from _without_copies(views)
    servers = {
        view.origin: view.ports
        for view in views
        if view.kind == "members" and view.path[:1] == ("databases",) and len(view.path) == 2  # the store's is longer
    }
    for origin, ports in servers.items():
        if "backups" not in ports:
            yield f"{origin}: no `backups`; what is deleted by mistake, or lost with all volumes, is gone."
        elif origin not in drilled:
            yield f"{origin}: no restore drill (`backups.verify`); nobody knows whether its backups can be restored."


def _without_copies(views: Sequence[WorkloadView]) -> Iterator[str]:
    """Each copy is loaded on trial by the copier itself."""
    copied = {view.origin.removesuffix(".backups") for view in views if view.path[2:] == ("backups",)}
    groups = {
        view.origin
        for view in views
        if view.kind == "members"
        and view.path[:1] == ("caches",)
        and any(each.environment.get("HA_PERSISTED") == "yes" for each in view.containers)
    }
    for origin in sorted(groups - copied):
        yield f"{origin}: no `backups`; keys that are deleted by mistake, or lost with all volumes, are gone."


RULES = (
    Rule(
        name="data-has-a-verified-backup",
        says="The data of databases, and of caches that persist, has backups, and a drill restores them.",
        why="Copies on other hosts do not help against a bad `DELETE`, nor a backup that nobody has ever restored.",
        fix="Set `backups` of the database. (An image of PostgreSQL without pgBackRest cannot.)",
        level=ADVISORY,
        of_stack=_without,
    ),
)
