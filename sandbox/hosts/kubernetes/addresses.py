"""The cluster's own addresses and names; they exist only in the network namespaces of its hosts."""

from ipaddress import IPv4Network

POD_RANGE = "10.244.0.0/16"
"""Node *i* has the *i*-th /24 of it; the first address of all is the gateway of every pod."""

SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
"""The first address of the service range: the Service `kubernetes` in the namespace `default`."""

DNS_SERVICE = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
API_PORT = 6443
DNS_PORT = 53
METRICS_PORT = 4443


def pods_of(node: int) -> IPv4Network:
    """The addresses of the pods on node `node` (from 1)."""
    return list(IPv4Network(POD_RANGE).subnets(new_prefix=24))[node]
