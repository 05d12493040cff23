"""How pods are reached: each node's range of addresses goes to that node, whoever sends."""

from collections.abc import Sequence

from sandbox.hosts import network
from sandbox.hosts.host import Host
from sandbox.hosts.kubernetes.addresses import pods_of


def make(control: Host, nodes: Sequence[Host]) -> None:
    """Give the control plane its address on the bridge, and every host the routes to the pods of the others."""
    control.in_network("ip", "link", "set", "lo", "up")
    control.in_network("ip", "address", "replace", f"{control.address}/24", "dev", network.BRIDGE)
    for host in (control, *nodes):
        for node in nodes:
            if node != host:
                host.in_network("ip", "route", "replace", str(pods_of(node.index)), "via", node.address)
