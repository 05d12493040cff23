"""What HAProxy is told of an application's replicas, in both modes."""

from components.contracts import Backend

BALANCE = {"round_robin": "roundrobin", "least_conn": "leastconn", "source": "source"}

_FEWEST_SLOTS = 8


def slots(backend: Backend) -> int:
    """Server slots, the next power of two: a few replicas more or less leave the balancer as it is.

    A slot without a replica is in maintenance and costs a line on the status page.
    """
    return int(max(_FEWEST_SLOTS, 1 << (backend.max_replicas - 1).bit_length()))
