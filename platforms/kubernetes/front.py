"""What ends TLS in front of a word: which of its ports it leads to, and what cannot be said of it."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from model import Front, GivenCertificate, Issued, Members, Workload
from platforms.base import Refused
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.gateway import MOST_HOSTS, gateway, route
from platforms.kubernetes.ingress import ingress
from platforms.kubernetes.names import labels, public_service
from platforms.kubernetes.network import entrants

_ISSUERS = {"ClusterIssuer": "cert-manager.io/cluster-issuer", "Issuer": "cert-manager.io/issuer"}
_SOLVER = {"acme.cert-manager.io/http01-solver": "true"}
_SOLVER_PORT = 8089
"""What cert-manager starts in the namespace of a certificate, to show an authority that a host is its owner's."""


def refusals(cluster: Cluster, word: Workload | Members) -> Iterator[Refused]:
    """Wishes where nothing is in front; behind an Ingress or a Gateway, what does not come through it."""
    front = word.front if isinstance(word, Workload) else None
    entry, clients = cluster.settings.entry, [one for one in word.public_ports if one.audience == "clients"]
    if cluster.settings.front is None:
        if front:
            yield from _without_front(front)
        return
    for public in clients:
        if front is None or public.port != front.port:
            yield Refused(
                f"public_ports.{public.port}",
                public.published,
                f"`platform.entry: {entry}` passes on HTTP alone, to `listen.http`: it ends TLS itself (`front.tls`), "
                "and knows no other connections; leave the port out, or use `platform.entry: load-balancer`",
            )
    if front and clients:
        if front.port not in (None, *(one.port for one in clients)):
            yield Refused("front.port", front.port, "is no port for clients; name one")
        yield from _behind(cluster, word.name, front)


def _without_front(front: Front) -> Iterator[Refused]:
    reason = "nothing is in front that ends TLS: it comes with `platform.entry: ingress` or `gateway`"
    if front.annotations:
        yield Refused("front.annotations", ", ".join(sorted(front.annotations)), reason)
    if front.tls:
        yield Refused("front.tls", _said(front.tls), reason)


def _said(tls: GivenCertificate | Issued) -> str:
    return f"{tls.kind} {tls.name}" if isinstance(tls, Issued) else "a given certificate"


def _behind(cluster: Cluster, name: str, front: Front) -> Iterator[Refused]:
    settings = cluster.settings
    if not front.trusted_proxies:
        yield Refused(
            "front.trusted_proxies",
            "none",
            f"behind `platform.entry: {settings.entry}` the controller's pods would be the client of all requests, for "
            "limits, logs and applications; name their address range",
        )
    for host in (*front.hosts, *([""] if front.any_host else [])):
        owner = cluster.hosts.setdefault(host, name)
        if owner != name:
            said = f"the host {host}" if host else "hosts that nobody names"
            yield Refused("front.hosts", host or "any", f"`{owner}` has {said} already; give each balancer its own")
    if isinstance(front.tls, Issued) and front.any_host:
        yield Refused(
            "front.tls", _said(front.tls), "an issuer has to know every host; give each of the `routes` its `host`"
        )
    if settings.gateway and settings.gateway.name and front.tls:
        yield Refused(
            "front.tls",
            _said(front.tls),
            f"the Gateway {settings.gateway.name} has its own certificates, at its listeners; leave it out, or use "
            "`platform.gateway.class_name`",
        )
    if settings.gateway and not front.any_host and len(front.hosts) > MOST_HOSTS:
        yield Refused(
            "front.hosts",
            len(front.hosts),
            f"an HTTPRoute has at most {MOST_HOSTS} hosts; divide the routes among balancers, or leave `host` out",
        )


def render_front(
    cluster: Cluster, word: Workload, front: Front, service: core.Service, *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """What leads to `service`, and its certificate. Requests come when the replicas are ready."""
    published = next((one.published for one in word.public_ports if one.port == front.port), None)
    if published is None:
        return ()  # refused
    name = public_service(word.name)
    secret, made = _certificate(cluster, word, front, name, parent=parent)
    metadata = ObjectMetaArgs(
        name=name,
        namespace=cluster.names.namespace,
        labels=labels(word.name, word.tier),
        annotations=dict(front.annotations) | _issuer(front) or None,
    )
    opts = cluster.options(parent, after=[service, *made])
    if cluster.settings.ingress:
        leads = ingress(cluster.settings.ingress, front, metadata, port=published, secret=secret, opts=opts)
        return (*made, leads)
    assert cluster.settings.gateway, "the entry is one of both"
    own = gateway(cluster.settings.gateway, front, metadata, secret=secret, opts=opts)
    after = cluster.options(parent, after=[service, *own])
    return (*made, *own, route(cluster.settings.gateway, front, metadata, port=published, opts=after))


def objects(word: Workload) -> list[str]:
    """Names of what stands beside the Service for clients and is not named after it."""
    issued = word.front is not None and isinstance(word.front.tls, Issued)
    return [_acme(public_service(word.name))] if issued else []


def _acme(name: str) -> str:
    return f"{name}-acme"


def _issuer(front: Front) -> dict[str, str]:
    return {_ISSUERS[front.tls.kind]: front.tls.name} if isinstance(front.tls, Issued) else {}


def _certificate(
    cluster: Cluster, word: Workload, front: Front, name: str, *, parent: pulumi.Resource
) -> tuple[pulumi.Input[str] | None, tuple[pulumi.Resource, ...]]:
    """The name of the Secret (None: without TLS), and what has to be there."""
    if front.tls is None:
        return None, ()
    if isinstance(front.tls, Issued):
        return f"{name}-tls", (_solvers_are_reached(cluster, word, name, parent=parent),)
    secret = core.Secret(
        f"{name}-tls",
        # Its name is left to Pulumi: a new certificate is a new object, and the old one goes when nobody names it.
        metadata=ObjectMetaArgs(namespace=cluster.names.namespace, labels=labels(word.name, word.tier)),
        type="kubernetes.io/tls",
        string_data={
            "tls.crt": pulumi.Output.secret(front.tls.certificate),
            "tls.key": pulumi.Output.secret(front.tls.private_key),
        },
        immutable=True,
        opts=cluster.options(parent),
    )
    return secret.metadata.name, (secret,)


def _solvers_are_reached(
    cluster: Cluster, word: Workload, name: str, *, parent: pulumi.Resource
) -> networking.NetworkPolicy:
    """The namespace denies what nobody allows: an authority's question would not arrive."""
    return networking.NetworkPolicy(
        _acme(name),
        metadata=ObjectMetaArgs(
            name=_acme(name), namespace=cluster.names.namespace, labels=labels(word.name, word.tier)
        ),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=_SOLVER),
            policy_types=["Ingress"],
            ingress=[
                networking.NetworkPolicyIngressRuleArgs(
                    from_=entrants(cluster.settings),
                    ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=_SOLVER_PORT)],
                )
            ],
        ),
        opts=cluster.options(parent),
    )
