"""All hosts of a profile as one thing: namespaces, links and registries; the daemons come from the profile's kind."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

from sandbox.hosts import leftovers, network, packages, preflight, registry
from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.profiles import Profile, sandbox_dir
from sandbox.hosts.waiting import wait_until

_NAMESERVER = Path(__file__).with_name("nameserver.py")
_NAMED = 8
"""Leftovers that an error names; a host with containers has hundreds of control groups."""


class Hosts:
    """The hosts of one profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.switch = Host(profile, 0)
        self.hosts = tuple(Host(profile, index) for index in range(1, profile.host_count + 1))

    def up(self, more_packages: dict[str, str]) -> None:
        """Check the machine, install what is missing, and make every namespace, link and registry that is not there."""
        preflight.require()
        packages.ensure({**preflight.HOST_PACKAGES, **more_packages})
        if self.switch.start():  # without the switch no host has a link: make them all anew
            for host in self.hosts:
                host.stop()
            network.connect_machine(self.profile, self.switch)
        for host in self.hosts:
            if host.start():
                network.connect(host, self.switch)
            host.spawn("nameserver", [sys.executable, "-I", "-S", str(_NAMESERVER), host.address])
            registry.start(host)

    def down(self) -> list[str]:
        """End and remove everything of the profile; returns what was removed. HostError when something stays."""
        preflight.require()
        everyone = [*self.hosts, self.switch]
        removed = [f"{self.profile.name}/{host.name} and its processes" for host in everyone if host.init()]
        their_namespaces = leftovers.namespaces(everyone)
        for host in everyone:
            host.stop()
        if network.machine_link_exists(self.profile):
            removed.append(f"link {self.profile.link}")
            network.remove_machine_link(self.profile)
        with suppress(TimeoutError):
            wait_until(lambda: leftovers.remove_cgroups(self.profile) + 1 and not leftovers.cgroups(self.profile),
                       "the control groups are empty", 10)  # fmt: skip
        if self.profile.directory.exists():
            shutil.rmtree(self.profile.directory)
            removed.append(f"directory {self.profile.directory}")
        with suppress(OSError):
            sandbox_dir().rmdir()  # only when no other profile is there
        with suppress(TimeoutError):
            wait_until(lambda: not leftovers.find(self.profile, their_namespaces), "nothing is left", 60)
        if left := leftovers.find(self.profile, their_namespaces):
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            raise HostError(f"profile '{self.profile.name}' left behind: {', '.join(left[:_NAMED])}{more}")
        return removed

    def host(self, name_or_number: str | int) -> Host:
        """A host by name (`host2`) or number (2)."""
        for host in self.hosts:
            if name_or_number in (host.name, host.index):
                return host
        names = ", ".join(host.name for host in self.hosts)
        raise HostError(f"profile '{self.profile.name}' has no host '{name_or_number}'; it has {names}")

    def cut(self, host: Host) -> None:
        """Take the host's link down: the others, and the machine, see it lost."""
        network.set_link(host, self.switch, up=False)

    def heal(self, host: Host) -> None:
        """Bring the host's link up again."""
        network.set_link(host, self.switch, up=True)

    def is_linked(self, host: Host) -> bool:
        """Whether the host's link is up."""
        return network.link_is_up(host, self.switch)
