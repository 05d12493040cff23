"""The control group that holds all pods of a node: it must be there before the kubelet starts."""

from pathlib import Path

from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host

_ROOT = Path("/sys/fs/cgroup")
_NEEDED = ("cpuset", "cpu", "memory", "pids")


def of(host: Host) -> str:
    """The group of the host's pods, inside the profile's."""
    return f"{host.profile.cgroup}/{host.name}"


def make(host: Host) -> None:
    """Make the host's group in every hierarchy (version 1) or with the controllers that pods need (version 2)."""
    group = of(host).lstrip("/")
    if (_ROOT / "cgroup.controllers").exists():
        (_ROOT / group).mkdir(parents=True, exist_ok=True)
        _delegate(_ROOT)
        _delegate((_ROOT / group).parent)
        return
    for hierarchy in _ROOT.iterdir():
        if (hierarchy / "cgroup.procs").exists() and not hierarchy.is_symlink():
            (hierarchy / group).mkdir(parents=True, exist_ok=True)


def _delegate(group: Path) -> None:
    control = group / "cgroup.subtree_control"
    missing = [name for name in _NEEDED if name not in control.read_text().split()]
    try:
        if missing:
            control.write_text(" ".join(f"+{name}" for name in missing))
    except OSError as error:
        raise HostError(
            f"{control} does not pass on the controllers {', '.join(missing)} ({error.strerror}), so the kubelet "
            "cannot limit pods; enable them there, or run on a machine instead of in a container"
        ) from None
