"""Who a process is, and what it may write."""

from collections.abc import Iterator

from rules.rule import ADVISORY, Rule
from views import ContainerView, WorkloadView


def _root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        user = _user(container)
        if user == "0" and container.root_is_allowed:
            continue
        if not user.isdigit() or int(user) == 0:
            yield f"{workload.name}: runs as {user or 'the image’s user'}."


def _allowed_root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if _user(container) == "0" and container.root_is_allowed:
            yield f"{workload.name}: runs as root, as `security.allow_root` says."


def _user(container: ContainerView) -> str:
    return (container.user or "").split(":")[0]


def _writable_root(workload: WorkloadView) -> Iterator[str]:
    for container in workload.containers:
        if not container.read_only_root and container.read_only_root != {}:
            yield f"{workload.name}: the root file system can be written."


RULES = (
    Rule(
        name="process-is-not-root",
        says="Processes run as a numeric user that is not root, unless the stack file allows it.",
        why="Root in a container is root on the host for who finds a hole in the kernel.",
        fix="Name a numeric user that is not 0.",
        of_workload=_root,
    ),
    Rule(
        name="root-is-an-exception",
        says="Few processes are allowed to run as root.",
        why="What the stack file allows by `security.allow_root` is said, so that it can be counted and made less.",
        fix="Use an image that runs as another user.",
        level=ADVISORY,
        of_workload=_allowed_root,
    ),
    Rule(
        name="root-file-system-is-read-only",
        says="The image's file system is mounted read-only.",
        why="What cannot be written cannot be changed by who breaks in.",
        fix="Set `readOnlyRootFilesystem` (Kubernetes) or `readOnly` (Swarm), and mount what it writes.",
        level=ADVISORY,
        of_workload=_writable_root,
    ),
)
