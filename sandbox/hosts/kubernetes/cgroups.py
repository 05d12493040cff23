"""The control group that holds all pods: it must be there before the kubelet starts."""

from pathlib import Path

from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import Profile

_ROOT = Path("/sys/fs/cgroup")
_NEEDED = ("cpuset", "cpu", "memory", "pids")


def make(profile: Profile) -> None:
    """Make the profile's group in every hierarchy (version 1) or with the controllers that pods need (version 2)."""
    group = profile.cgroup.lstrip("/")
    if (_ROOT / "cgroup.controllers").exists():
        _delegate()
        (_ROOT / group).mkdir(exist_ok=True)
        return
    for hierarchy in _ROOT.iterdir():
        if (hierarchy / "cgroup.procs").exists() and not hierarchy.is_symlink():
            (hierarchy / group).mkdir(exist_ok=True)


def _delegate() -> None:
    control = _ROOT / "cgroup.subtree_control"
    missing = [name for name in _NEEDED if name not in control.read_text().split()]
    try:
        if missing:
            control.write_text(" ".join(f"+{name}" for name in missing))
    except OSError as error:
        raise HostError(
            f"{control} does not pass on the controllers {', '.join(missing)} ({error.strerror}), so the kubelet "
            "cannot limit pods; enable them there, or run on a machine instead of in a container"
        ) from None
