"""Who a process is, and what it may write."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from rules.base import workload_policy
from views import WorkloadView


def process_is_not_root(level: EnforcementLevel) -> ResourceValidationPolicy:
    """A numeric user other than 0 is named: an image's own user may be root."""
    return workload_policy("process-is-not-root", "Processes run as a numeric user that is not root.", level, _root)


def _root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        user = (container.user or "").split(":")[0]
        if not user.isdigit() or int(user) == 0:
            yield f"{workload.name}: runs as {user or 'the image’s user'}; name a numeric user that is not 0."


def root_file_system_is_read_only(level: EnforcementLevel) -> ResourceValidationPolicy:
    """What cannot be written cannot be changed by who breaks in."""
    return workload_policy(
        "root-file-system-is-read-only", "The image's file system is mounted read-only.", level, _writable_root
    )


def _writable_root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.read_only_root is not True:
            yield f"{workload.name}: the root file system can be written."
