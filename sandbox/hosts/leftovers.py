"""What a profile has on this machine; after `down` there must be nothing."""

import os
from contextlib import suppress
from pathlib import Path

from sandbox.hosts import network, processes
from sandbox.hosts.host import Host
from sandbox.hosts.profiles import Profile


def namespaces(hosts: list[Host]) -> set[str]:
    """The pid and network namespaces of the hosts that run."""
    found = set()
    for host in hosts:
        if init := host.init():
            found |= {os.readlink(f"/proc/{init.pid}/ns/{kind}") for kind in ("pid", "net")}
    return found


def cgroups(profile: Profile) -> list[Path]:
    """The control groups of the profile's containers, deepest first, in every hierarchy."""
    found: list[Path] = []
    root = Path("/sys/fs/cgroup")
    for top in (root / profile.cgroup.lstrip("/"), *root.glob(f"*{profile.cgroup}")):
        if top.is_dir():
            found += [Path(directory) for directory, _, _ in os.walk(top, topdown=False)]
    return found


def remove_cgroups(profile: Profile) -> int:
    """Remove the control groups of ended containers; returns how many."""
    removed = 0
    for group in cgroups(profile):
        with suppress(OSError):  # a container's process may take a moment to leave it
            group.rmdir()
            removed += 1
    return removed


def find(profile: Profile, of_namespaces: set[str]) -> list[str]:
    """Everything of the profile that is still on the machine, in words."""
    found = [f"process {pid}" for pid in processes.in_namespaces(of_namespaces)]
    found += [f"control group {group}" for group in cgroups(profile)]
    if network.machine_link_exists(profile):
        found.append(f"link {profile.link}")
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    found += [f"mount {mount}" for mount in mounts if Path(mount).is_relative_to(profile.directory)]
    if profile.directory.exists():
        found.append(f"directory {profile.directory}")
    return found
