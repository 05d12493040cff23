"""Backups: whether what is lost can be had again."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, StackValidationPolicy
from rules.base import Resources, stack_policy
from views import workload_view


def data_has_a_verified_backup(level: EnforcementLevel) -> StackValidationPolicy:
    """Copies on other hosts do not help against a bad `DELETE`, nor a backup that nobody has ever restored."""
    return stack_policy(
        "data-has-a-verified-backup",
        "The data of every database has backups, and a drill restores them.",
        level,
        _without,
    )


def _without(resources: Resources) -> Iterator[str]:
    views = [view for resource in resources if (view := workload_view(*resource))]
    drilled = {view.origin.removesuffix(".backups.verify") for view in views if view.origin.endswith(".backups.verify")}
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
