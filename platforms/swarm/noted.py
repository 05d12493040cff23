"""Fields of words that Swarm can only record in labels: it does not enforce them."""

from collections.abc import Mapping

NOTED: Mapping[str, str] = {
    "ports": "the ports of a container are recorded in labels, not enforced: whatever shares a network with it reaches "
    "every port that it listens on",
    "peer_ports": "that members alone connect to a port is not enforced: whatever shares a network with them reaches "
    "it, and has to be known there (by a key, a certificate)",
    "probes.ready.failures": "a replica that was ready once keeps its name and gets work until `live` restarts it: "
    "Swarm has no check that only takes it out of service (a balancer's own check does)",
    "public_ports.audience": "whom a published port is for is recorded in a label, not enforced: it listens on every "
    "address of its host; close the ports of operators in a firewall",
    "public_ports.sources": "who may connect to a published port is checked by the container that has it, not by the "
    "Swarm: others reach the host's port and are closed there",
    "size_bytes": "the size of a shared volume is what its driver and server give it; nothing asks for it here",
    "volume.size_bytes": "the size of a volume is recorded in a label, not enforced: a local volume grows until its "
    "host's disk is full; watch the disk",
}
"""Field -> what follows."""
