"""Who may connect to whom: one NetworkPolicy for each word, from the table of tiers."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, ip_network

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from model import REACHES, Outside, Port, PublicPort, Shard, Tier
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import NAME_LABEL, SHARD_LABEL, TIER_LABEL, labels, selector
from platforms.kubernetes.settings import KubernetesSettings

OUTWARD = (Tier.APP, Tier.MONITORING)
"""Tiers that may leave the cluster: applications call other services, monitoring delivers alerts."""

_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_INSIDE = tuple(map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")))
_DNS_PORT = 53
_DNS_NAMESPACES = ("kube-system", "openshift-dns")
"""Where the pods of a cluster's DNS are."""


def network_policy(
    cluster: Cluster,
    name: str,
    tier: Tier,
    *,
    ports: Sequence[Port] = (),
    public_ports: Sequence[PublicPort] = (),
    private_to: Sequence[str] = (),
    metrics_port: str | None = None,
    peer_ports: Sequence[str] = (),
    shard: Shard | None = None,
    outside: Sequence[Outside] = (),
    namespace: str | None = None,
    opts: pulumi.ResourceOptions,
) -> networking.NetworkPolicy:
    """Allows the tiers that reach `tier` in on `ports`, everybody (or the `sources`, or the `entrants`) in on
    `public_ports`, and its pods out to DNS, the tiers that it reaches, what it needs `outside`, and (OUTWARD) the
    settings' egress ranges. With `private_to`, those words take the place of all tiers and ranges, but for monitoring
    at `metrics_port`. To `peer_ports` only the word's own pods connect, or those of all words that are one store with
    it.
    """
    ingress = []
    friends = _words(cluster, [name, *private_to]) if private_to else None
    for_clients = [port for port in ports if port.name not in peer_ports]
    if for_clients:
        sources = [source for source in Tier if tier in REACHES[source]]
        ingress.append(
            networking.NetworkPolicyIngressRuleArgs(
                from_=[friends or _pods(cluster, sources)], ports=[_tcp(port.number) for port in for_clients]
            )
        )
    numbers = {port.name: port.number for port in ports}
    if among := [_tcp(numbers[port]) for port in peer_ports if port in numbers]:
        peers = _labelled(cluster, SHARD_LABEL, [shard.of]) if shard else _words(cluster, [name])
        ingress.append(networking.NetworkPolicyIngressRuleArgs(from_=[peers], ports=among))
    if metrics_port is not None:
        ingress.append(
            networking.NetworkPolicyIngressRuleArgs(
                from_=[_pods(cluster, [Tier.MONITORING])], ports=[_tcp(numbers[metrics_port])]
            )
        )
    known = [public for public in public_ports if public.port in numbers]
    if unlimited := [_tcp(numbers[public.port]) for public in known if not public.sources]:
        ingress.append(
            networking.NetworkPolicyIngressRuleArgs(from_=entrants(cluster.settings) or None, ports=unlimited)
        )
    for public in known:
        if public.sources:
            blocks = [
                networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr=str(ip_network(source))))
                for source in public.sources
            ]
            ingress.append(networking.NetworkPolicyIngressRuleArgs(from_=blocks, ports=[_tcp(numbers[public.port])]))
    return networking.NetworkPolicy(
        name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace or cluster.names.namespace, labels=labels(name, tier)),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=selector(name)),
            policy_types=["Ingress", "Egress"],
            ingress=ingress,
            egress=[*_egress(cluster, tier, friends), *map(_outside, outside)],
        ),
        opts=opts,
    )


def entrants(settings: KubernetesSettings) -> list[networking.NetworkPolicyPeerArgs]:
    """Who alone passes clients' requests on; none: clients come themselves."""
    if settings.front is None:
        return []
    pods = [
        networking.NetworkPolicyPeerArgs(
            namespace_selector=_in(_NAMESPACE_LABEL, [one.namespace]),
            pod_selector=LabelSelectorArgs(match_labels=dict(one.labels)) if one.labels else None,
        )
        for one in settings.front.controllers
    ]
    ranges = [
        networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr=network))
        for network in settings.front.networks
    ]
    return [*pods, *ranges]


def _egress(
    cluster: Cluster, tier: Tier, friends: networking.NetworkPolicyPeerArgs | None
) -> list[networking.NetworkPolicyEgressRuleArgs]:
    inside = networking.NetworkPolicyEgressRuleArgs(to=[friends or _pods(cluster, REACHES[tier])])
    if friends or tier not in OUTWARD or not cluster.settings.egress:
        return [*_dns(cluster), inside]
    outside = networking.NetworkPolicyEgressRuleArgs(to=[_range(network) for network in cluster.settings.egress])
    return [*_dns(cluster), inside, outside]


def _outside(place: Outside) -> networking.NetworkPolicyEgressRuleArgs:
    """A name's addresses are not known to a policy: without networks the port is open to any address."""
    ranges = [_range(network) for network in place.networks]
    return networking.NetworkPolicyEgressRuleArgs(to=ranges or None, ports=[_tcp(place.port)])


def _dns(cluster: Cluster) -> Iterator[networking.NetworkPolicyEgressRuleArgs]:
    """Port 53 to any address: a node-local cache listens on an address of the node, which no selector of pods matches.
    Policies are judged after a Service's address is translated, so other ports are those that the DNS pods listen on.
    """
    numbers = cluster.settings.dns_ports
    if _DNS_PORT in numbers:
        yield networking.NetworkPolicyEgressRuleArgs(ports=_udp_and_tcp(_DNS_PORT))
    if others := [port for number in numbers if number != _DNS_PORT for port in _udp_and_tcp(number)]:
        pods = networking.NetworkPolicyPeerArgs(namespace_selector=_in(_NAMESPACE_LABEL, list(_DNS_NAMESPACES)))
        yield networking.NetworkPolicyEgressRuleArgs(to=[pods], ports=others)


def _udp_and_tcp(number: int) -> list[networking.NetworkPolicyPortArgs]:
    return [networking.NetworkPolicyPortArgs(protocol=protocol, port=number) for protocol in ("UDP", "TCP")]


def _pods(cluster: Cluster, tiers: Sequence[Tier]) -> networking.NetworkPolicyPeerArgs:
    """Pods of `tiers` in either namespace of the stack."""
    return networking.NetworkPolicyPeerArgs(
        namespace_selector=_in(_NAMESPACE_LABEL, [cluster.names.namespace, cluster.names.agents_namespace]),
        pod_selector=_in(TIER_LABEL, [tier.value for tier in tiers]),
    )


def _words(cluster: Cluster, names: list[str]) -> networking.NetworkPolicyPeerArgs:
    """Pods of the words `names`, in the stack's own namespace."""
    return _labelled(cluster, NAME_LABEL, names)


def _labelled(cluster: Cluster, key: str, values: list[str]) -> networking.NetworkPolicyPeerArgs:
    return networking.NetworkPolicyPeerArgs(
        namespace_selector=_in(_NAMESPACE_LABEL, [cluster.names.namespace]), pod_selector=_in(key, values)
    )


def of_namespace(name: str) -> networking.NetworkPolicyPeerArgs:
    """All pods of a namespace that is not the stack's."""
    return networking.NetworkPolicyPeerArgs(namespace_selector=_in(_NAMESPACE_LABEL, [name]))


def _in(key: str, values: list[str]) -> LabelSelectorArgs:
    return LabelSelectorArgs(match_expressions=[LabelSelectorRequirementArgs(key=key, operator="In", values=values)])


def _tcp(number: int) -> networking.NetworkPolicyPortArgs:
    return networking.NetworkPolicyPortArgs(protocol="TCP", port=number)


def _range(network: IPv4Network) -> networking.NetworkPolicyPeerArgs:
    excepted = [str(inside) for inside in _INSIDE if inside != network and inside.subnet_of(network)]
    return networking.NetworkPolicyPeerArgs(
        ip_block=networking.IPBlockArgs(cidr=str(network), except_=excepted or None)
    )
