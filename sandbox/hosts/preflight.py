"""What must hold before a host starts: one sentence for each thing that is missing, and nothing is changed."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError

HOST_PACKAGES = {
    "iproute2": "ip",
    "util-linux": "unshare",
    "iptables": "iptables",
    "docker-registry": "docker-registry",
}


def faults() -> list[str]:
    """Every reason why sandbox hosts cannot run on this machine; empty when they can."""
    found = [fault for check in (_linux, _root) if (fault := check())]
    return found or [fault for check in _KERNEL_CHECKS if (fault := check())]


def require() -> None:
    """HostError with all faults, one a line."""
    if found := faults():
        raise HostError("\n".join(found))


def _linux() -> str | None:
    if platform.system() == "Linux":
        return None
    return f"sandbox hosts need Linux, this is {platform.system()}; set DOCKER_HOST to a Docker that is there"


def _root() -> str | None:
    if os.geteuid() == 0:
        return None
    return "sandbox hosts need root, for network namespaces; use `sudo`, or set DOCKER_HOST to a Docker that is there"


def _namespaces() -> str | None:
    if not shutil.which("unshare"):
        return None  # util-linux is installed later
    kinds = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc")
    try:
        commands.run("unshare", *kinds, "true", seconds=10)
    except HostError as error:
        return f"new namespaces are forbidden here ({error}); run on a machine, or in a privileged container"
    return None


def _links() -> str | None:
    if not shutil.which("ip") or not shutil.which("unshare"):
        return None  # iproute2 is installed later; the first link then tells
    kinds = ("bridge", "veth peer name veth1", "vxlan id 1 dstport 4789")
    script = " && ".join(f"ip link add name test{number} type {kind}" for number, kind in enumerate(kinds))
    try:
        commands.run("unshare", "--net", "sh", "-c", script, seconds=10)
    except HostError as error:
        return f"the kernel lacks bridge, veth or vxlan links ({error}); use Debian's own kernel"
    return None


def _overlay() -> str | None:
    if "\toverlay\n" in Path("/proc/filesystems").read_text():
        return None
    try:
        commands.run("modprobe", "overlay", seconds=10)
    except HostError:
        return "the kernel has no overlay file system, which container images need; use Debian's kernel"
    return None


def _cgroups() -> str | None:
    if Path("/sys/fs/cgroup/cgroup.controllers").exists() or Path("/sys/fs/cgroup/memory").exists():
        return None
    return "no cgroup file system is mounted on /sys/fs/cgroup; mount it (`mount -t cgroup2 none /sys/fs/cgroup`)"


_KERNEL_CHECKS: tuple[Callable[[], str | None], ...] = (_namespaces, _links, _overlay, _cgroups)
