"""What of the machine a sandbox could leave behind."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.hosts import leftovers
from sandbox.hosts.profiles import Profile


@dataclass(frozen=True)
class Machine:
    """A snapshot that is equal before a sandbox's `up` and after its `down`."""

    links: tuple[str, ...]
    addresses: tuple[str, ...]
    network_namespaces: tuple[str, ...]
    mounts: tuple[str, ...]
    firewall: str
    forwarding: tuple[str, ...]
    control_groups: tuple[Path, ...]
    directory_exists: bool

    @classmethod
    def now(cls, profile: Profile) -> "Machine":
        """How it is now; of what other profiles may have, only `profile`'s part."""
        links = [line.split()[0].split("@")[0] for line in _output("ip", "-brief", "link").splitlines()]
        own = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if profile.name in line]
        return cls(
            links=tuple(link for link in links if not _of_others(link, profile)),
            addresses=tuple(line for line in _output("ip", "-brief", "address").splitlines() if profile.prefix in line),
            network_namespaces=tuple(_output("ip", "netns", "list").split()),
            mounts=tuple(own),
            firewall=_output("iptables-save"),
            forwarding=tuple(
                Path(f"/proc/sys/net/{name}").read_text() for name in ("ipv4/ip_forward", "ipv4/conf/all/forwarding")
            ),
            control_groups=tuple(leftovers.cgroups(profile)),
            directory_exists=profile.directory.exists(),
        )


def _of_others(link: str, profile: Profile) -> bool:
    return link.startswith("ha-") and link != profile.link


def _output(*argv: str) -> str:
    kept = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    # iptables-save writes the time in comments, and how many packets passed a chain.
    return "\n".join(re.sub(r" \[\d+:\d+\]$", "", line) for line in kept if not line.startswith("#"))
