"""The profile's network: a bridge in the switch's namespace, one link to the machine, one to each host.

The bridge is not in the machine's namespace, so that no firewall rule or sysctl of the machine has to change: frames
between hosts never pass the machine's filters.
"""

import json
from contextlib import suppress
from typing import Any

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.profiles import Profile
from sandbox.hosts.waiting import wait_until

BRIDGE = "bridge"
"""In the switch's namespace."""

_UPLINK = "machine"


def connect_machine(profile: Profile, switch: Host) -> None:
    """Make the bridge in the switch and the machine's own link to it; the machine gets address `.1`."""
    remove_machine_link(profile)
    _refuse_taken(profile)
    switch.in_network("ip", "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
    switch.in_network("ip", "link", "set", BRIDGE, "up")
    commands.run("ip", "link", "add", profile.link, "type", "veth", "peer", "name", _UPLINK, "netns", str(switch.pid))
    switch.in_network("ip", "link", "set", _UPLINK, "master", BRIDGE, "up")
    commands.run("ip", "address", "add", f"{profile.machine_address}/24", "dev", profile.link)
    commands.run("ip", "link", "set", profile.link, "up")


def connect(host: Host, switch: Host) -> None:
    """Give the host `eth0` with its address, a route, and a port of its own on the bridge."""
    with suppress(HostError):  # a host that crashed leaves its port for a moment
        switch.in_network("ip", "link", "delete", host.name)
    host.in_network("ip", "link", "add", "eth0", "type", "veth", "peer", "name", host.name, "netns", str(switch.pid))
    switch.in_network("ip", "link", "set", host.name, "master", BRIDGE, "up")
    host.in_network("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        host.in_network("ip", "link", "set", link, "up")
    host.in_network("ip", "route", "add", "default", "via", host.profile.machine_address)


def set_link(host: Host, switch: Host, *, up: bool) -> None:
    """Cut the host off (`up=False`: it sees no carrier, the others no answer), or join it again."""
    switch.in_network("ip", "link", "set", host.name, "up" if up else "down")


def link_is_up(host: Host, switch: Host) -> bool:
    """Whether the host's port on the bridge is switched on."""
    shown = json.loads(switch.in_network("ip", "-json", "link", "show", "dev", host.name))
    return "UP" in shown[0]["flags"]


def machine_link_exists(profile: Profile) -> bool:
    """Whether the machine has the profile's link."""
    return any(link["ifname"] == profile.link for link in _json("link", "show"))


def remove_machine_link(profile: Profile) -> None:
    """Remove the machine's link, which goes by itself a moment after the switch ends."""
    if machine_link_exists(profile):
        try:
            commands.run("ip", "link", "delete", profile.link)
        except HostError:  # it went in between
            wait_until(lambda: not machine_link_exists(profile), f"the link {profile.link} is gone", 10)


def _refuse_taken(profile: Profile) -> None:
    for link in _json("address", "show"):
        for address in link.get("addr_info", ()):
            if str(address.get("local", "")).startswith(f"{profile.prefix}."):
                raise HostError(
                    f"the network {profile.prefix}.0/24 of profile '{profile.name}' is in use by the interface "
                    f"{link['ifname']} of this machine; remove that address, or use another machine"
                )


def _json(*argv: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(commands.run("ip", "-json", *argv) or "[]")
    return [link for link in shown if link]
