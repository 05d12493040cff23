"""The cluster's own addresses and names; they exist only in the host's network namespace."""

POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
"""The first address of the service range: the Service `kubernetes` in the namespace `default`."""

DNS_SERVICE = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
ZONE = "zone1"
"""The value of topology.kubernetes.io/zone on the node."""

API_PORT = 6443
DNS_PORT = 1053
"""CoreDNS on the node; the Service has port 53, which the host's own nameserver has on the node."""

METRICS_PORT = 4443
