"""Who a process is, and what it may write."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from rules.base import workload_policy
from views import ContainerView, WorkloadView


def process_is_not_root(level: EnforcementLevel) -> ResourceValidationPolicy:
    """A numeric user other than 0 is named, unless the stack file allows root: an image's own user may be root."""
    return workload_policy("process-is-not-root", "Processes run as a numeric user that is not root.", level, _root)


def _root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        user = _user(container)
        if user == "0" and container.root_is_allowed:
            continue
        if not user.isdigit() or int(user) == 0:
            yield f"{workload.name}: runs as {user or 'the image’s user'}; name a numeric user that is not 0."


def root_is_an_exception(level: EnforcementLevel) -> ResourceValidationPolicy:
    """What the stack file allows by `security.allow_root` is said, so that it can be counted and made less."""
    return workload_policy("root-is-an-exception", "Few processes are allowed to run as root.", level, _allowed_root)


def _allowed_root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if _user(container) == "0" and container.root_is_allowed:
            yield f"{workload.name}: runs as root, as `security.allow_root` says."


def _user(container: ContainerView) -> str:
    return (container.user or "").split(":")[0]


def root_file_system_is_read_only(level: EnforcementLevel) -> ResourceValidationPolicy:
    """What cannot be written cannot be changed by who breaks in."""
    return workload_policy(
        "root-file-system-is-read-only", "The image's file system is mounted read-only.", level, _writable_root
    )


def _writable_root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if container.read_only_root is not True:
            yield f"{workload.name}: the root file system can be written."
