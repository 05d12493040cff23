"""Published ports: how the outside reaches a workload, and who of the outside."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import CloudBalancer, Members, PublicPort, Workload
from platforms.base import Refused
from platforms.kubernetes import front
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import labels, public_service, selector
from platforms.kubernetes.settings import Entry

_TYPES: dict[Entry, str] = {"load-balancer": "LoadBalancer", "node-port": "NodePort"}
_OPEN: tuple[Entry, ...] = ("load-balancer", "ingress", "gateway")
"""What is in the open internet."""
_NODE_PORTS = range(30000, 32768)


def refusals(cluster: Cluster, word: Workload | Members) -> Iterator[Refused]:
    """What a cloud's balancer would be told where there is none; a published port that has no node port, or one that
    another port has; what does not come through an Ingress or a Gateway."""
    yield from _cloud_refusals(cluster, word)
    yield from front.refusals(cluster, word)
    if cluster.settings.entry != "node-port":
        return
    for public in word.public_ports:
        field, number = f"public_ports.{public.port}", node_port(cluster, public)
        if public.sources:
            yield Refused(
                f"{field}.sources",
                ", ".join(public.sources),
                "replicas see the address of the node that was asked, not the client's; use `platform.entry: "
                "load-balancer`, or leave it to a firewall",
            )
        if number not in _NODE_PORTS:
            offset = cluster.settings.node_port_offset
            yield Refused(
                field,
                public.published,
                f"{public.published} + platform.node_port_offset ({offset}) is not a node port (30000-32767); "
                "set the offset so that it is",
            )
        this = f"{word.name}.{public.port}"
        owner = cluster.node_ports.setdefault(number, this)
        if owner != this:
            yield Refused(field, public.published, f"becomes node port {number}, which {owner} has; choose another")


def _cloud_refusals(cluster: Cluster, word: Workload | Members) -> Iterator[Refused]:
    told = cloud_balancer(word)
    if cluster.settings.entry == "load-balancer" and offered_ports(cluster, word):
        return
    reason = "there is no cloud's balancer: it comes with `platform.entry: load-balancer` and a port for clients"
    if told.annotations:
        yield Refused("cloud_balancer.annotations", ", ".join(sorted(told.annotations)), reason)
    if told.sources:
        yield Refused("cloud_balancer.sources", ", ".join(told.sources), reason)


def cloud_balancer(word: Workload | Members) -> CloudBalancer:
    """What a cloud is told; of members nothing."""
    return word.cloud_balancer if isinstance(word, Workload) else CloudBalancer()


def offered_ports(cluster: Cluster, word: Workload | Members) -> tuple[PublicPort, ...]:
    """The ports of the Service for the outside; the word's own Service also has the others.

    A cloud's balancer, an Ingress and a Gateway are in the open internet: they get no port for operators, who use
    `kubectl port-forward`. Addresses of nodes and of the cluster are in networks of the operators.
    """
    everybody = cluster.settings.entry in _OPEN
    return tuple(public for public in word.public_ports if public.audience == "clients" or not everybody)


def node_port(cluster: Cluster, public: PublicPort) -> int:
    """The port of every node at which `public` is reached, for entry `node-port`."""
    if public.published in _NODE_PORTS:
        return public.published
    return public.published + cluster.settings.node_port_offset


def entry_service(cluster: Cluster, word: Workload | Members, *, opts: pulumi.ResourceOptions) -> core.Service:
    """The Service of the offered ports, one at least.

    A balancer sends only to nodes that run a replica, so that replicas see the client's address.

    A node port answers on every node instead, and replicas then see the address of the node that was asked.
    """
    entry = cluster.settings.entry
    name = public_service(word.name)
    told = cloud_balancer(word)
    return core.Service(
        name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            annotations=dict(told.annotations) or None,
        ),
        spec=core.ServiceSpecArgs(
            type=_TYPES.get(entry, "ClusterIP"),
            selector=selector(word.name),
            external_traffic_policy={"load-balancer": "Local", "node-port": "Cluster"}.get(entry),
            load_balancer_source_ranges=list(told.sources) or None,
            ports=[
                core.ServicePortArgs(
                    name=f"{public.port}-{public.published}"[:63],
                    port=public.published,
                    target_port=public.port,
                    protocol="TCP",
                    node_port=node_port(cluster, public) if entry == "node-port" else None,
                )
                for public in offered_ports(cluster, word)
            ],
        ),
        opts=opts,
    )
