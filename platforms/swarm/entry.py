"""Ports that the outside reaches: published by each replica on the host it runs on."""

from collections.abc import Iterator

import pulumi_docker as docker

from model import Workload
from platforms.swarm.settings import Entry, SwarmSettings

ENTRY_LABEL = "ha-platform.entry"

ENTRY_GAP: dict[Entry, str] = {
    "vip": "when its host is lost, connections fail until the address has moved",
    "dns": "when a host is lost, clients that hold its address fail until they try the next one or look it up again",
    "outer-balancer": "when a host is lost, connections through it fail until the balancer's own check has noticed",
    "single-host": "when the host is lost, the stack is not reachable",
}
"""What each way of reaching several hosts leaves open. The platform does not provide the way itself."""


def endpoint_spec(word: Workload) -> docker.ServiceEndpointSpecArgs:
    """Names resolve to the replicas themselves (`dnsrr`), and so does a published port, without the ingress mesh:
    proxies see their own backends, and clients' addresses."""
    numbers = {port.name: port.number for port in word.ports}
    return docker.ServiceEndpointSpecArgs(
        mode="dnsrr",
        ports=[
            docker.ServiceEndpointSpecPortArgs(
                name=public.port,
                protocol="tcp",
                publish_mode="host",
                target_port=numbers[public.port],
                published_port=public.published,
            )
            for public in word.public_ports
            if public.port in numbers
        ]
        or None,
    )


class PublishedPorts:
    """Which word has which port of the hosts, over the whole stack."""

    def __init__(self) -> None:
        self._owner: dict[int, str] = {}

    def refusals(self, word: Workload, settings: SwarmSettings) -> Iterator[tuple[str, object, str]]:
        """Host ports belong to one replica a host."""
        names = {port.name for port in word.ports}
        for public in word.public_ports:
            if public.port not in names:
                known = ", ".join(sorted(names)) or "none"
                yield "public_ports", public.port, f"no port of this name; there are: {known}"
            owner = self._owner.setdefault(public.published, word.origin)
            if owner != word.origin:
                yield "public_ports", public.published, f"this port of every host is taken by {owner}; choose another"
        if not word.public_ports:
            return
        hosts = len(settings.nodes)
        if word.replicas > hosts:
            yield (
                "replicas",
                word.replicas,
                f"each replica owns its published ports on a host, and `platform.nodes` has {hosts}; "
                "set at most that many",
            )
        if word.rollout.parallelism > 1:
            yield (
                "rollout.parallelism",
                word.rollout.parallelism,
                "replicas that own host ports stop before the new ones start, so one at a time; set 1",
            )
