"""What each word has beside its pods: its own service account and network policy."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Outside, Port, PublicPort, Tier
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import labels
from platforms.kubernetes.network import network_policy


def account_and_policy(
    cluster: Cluster,
    name: str,
    tier: Tier,
    *,
    parent: pulumi.Resource,
    ports: Sequence[Port] = (),
    public_ports: Sequence[PublicPort] = (),
    private_to: Sequence[str] = (),
    outside: Sequence[Outside] = (),
    annotations: Mapping[str, str] | None = None,
    agents: bool = False,
) -> tuple[pulumi.Resource, ...]:
    """Both exist before the first pod. The account has no token and no rights."""
    namespace = cluster.names.agents_namespace if agents else cluster.names.namespace
    opts = cluster.options(parent, after=cluster.agents_foundation if agents else ())
    logins = cluster.agents_pull_secret if agents else cluster.pull_secret
    account = core.ServiceAccount(
        name,
        metadata=ObjectMetaArgs(
            name=name, namespace=namespace, labels=labels(name, tier), annotations=dict(annotations or {}) or None
        ),
        automount_service_account_token=False,
        # Here, not in the pods: a new login restarts none.
        image_pull_secrets=[core.LocalObjectReferenceArgs(name=logins.metadata.name)] if logins else None,
        opts=opts,
    )
    policy = network_policy(
        cluster,
        name,
        tier,
        ports=ports,
        public_ports=public_ports,
        private_to=private_to,
        outside=outside,
        namespace=namespace,
        opts=opts,
    )
    return account, policy
