"""Ports that the outside reaches: published by each replica on the host it runs on."""

from collections.abc import Iterator, Sequence

import pulumi_docker as docker

from model import Members, Port, PublicPort, Workload
from platforms.base import Refused
from platforms.swarm.settings import Entry, SwarmSettings

ENTRY_LABEL = "ha-platform.entry"

ENTRY_GAP: dict[Entry, str] = {
    "vip": "when its host is lost, connections fail until the address has moved",
    "dns": "when a host is lost, clients that hold its address fail until they try the next one or look it up again",
    "outer-balancer": "when a host is lost, connections through it fail until the balancer's own check has noticed",
    "single-host": "when the host is lost, the stack is not reachable",
}
"""What each way of reaching several hosts leaves open. The platform does not provide the way itself."""


def cloud_refusals(word: Workload) -> Iterator[Refused]:
    """Nobody here asks a cloud for a balancer."""
    told = word.cloud_balancer
    reason = (
        "Swarm makes no cloud's balancer; leave it out, and set up what stands in front yourself (`platform.entry`)"
    )
    if told.annotations:
        yield Refused("cloud_balancer.annotations", ", ".join(sorted(told.annotations)), reason)
    if told.sources:
        yield Refused("cloud_balancer.sources", ", ".join(told.sources), reason)


def front_refusals(word: Workload) -> Iterator[Refused]:
    """Nothing here ends TLS in front of the hosts' ports. Which hosts are asked for, the word itself knows."""
    if word.front is None:
        return
    reason = (
        "Swarm has no Ingress and no Gateway; leave it out, and use `listen.https` with `tls`, or set up what stands "
        "in front yourself (`platform.entry`)"
    )
    if word.front.annotations:
        yield Refused("front.annotations", ", ".join(sorted(word.front.annotations)), reason)
    if word.front.tls:
        yield Refused("front.tls", "a certificate", reason)


def endpoint_spec(
    ports: Sequence[Port] = (), public_ports: Sequence[PublicPort] = ()
) -> docker.ServiceEndpointSpecArgs:
    """Names resolve to the replicas themselves (`dnsrr`), and so does a published port, without the ingress mesh:
    proxies see their own backends, and clients' addresses."""
    numbers = {port.name: port.number for port in ports}
    published = [
        docker.ServiceEndpointSpecPortArgs(
            name=public.port,
            protocol="tcp",
            publish_mode="host",
            target_port=numbers[public.port],
            published_port=public.published,
        )
        for public in public_ports
        if public.port in numbers
    ]
    return docker.ServiceEndpointSpecArgs(mode="dnsrr", ports=published or None)


def entry_labels(public_ports: Sequence[PublicPort], settings: SwarmSettings) -> dict[str, str]:
    """How clients reach what publishes ports, as the settings declare it, and whom each port is for.

    A host port listens on all addresses of its host, whomever it is for: Swarm has no address to bind it to. The label
    tells whoever sets up the firewall.
    """
    audiences = {f"ha-platform.port.{public.port}.audience": public.audience for public in public_ports}
    return {ENTRY_LABEL: settings.entry, **audiences} if public_ports else {}


class PublishedPorts:
    """Which word has which port of the hosts, over the whole stack."""

    def __init__(self, owner: dict[int, str] | None = None) -> None:
        self._owner: dict[int, str] = dict(owner or {})

    def copy(self) -> "PublishedPorts":
        """The same owners; what the copy learns stays there."""
        return PublishedPorts(self._owner)

    def refusals(self, word: Workload | Members) -> Iterator[Refused]:
        """A published port that another word has."""
        for public in word.public_ports:
            owner = self._owner.setdefault(public.published, word.name)
            if owner != word.name:
                yield Refused(
                    f"public_ports.{public.port}",
                    public.published,
                    f"`{owner}` has this port of every host; choose another",
                )
