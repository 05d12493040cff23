"""What each word has beside its pods: its own service account and network policy."""

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Agent, Job, Members, Schedule, Workload
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.entry import offered_ports
from platforms.kubernetes.names import labels
from platforms.kubernetes.network import network_policy


def account_and_policy(
    cluster: Cluster, word: Workload | Members | Job | Schedule | Agent, *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """Both exist before the first pod. The account has no token and no rights."""
    agent = isinstance(word, Agent)
    namespace = cluster.names.agents_namespace if agent else cluster.names.namespace
    opts = cluster.options(parent, after=cluster.agents_foundation if agent else ())
    logins = cluster.agents_pull_secret if agent else cluster.pull_secret
    annotations = {} if isinstance(word, Agent) else dict(word.account_annotations)
    account = core.ServiceAccount(
        word.name,
        metadata=ObjectMetaArgs(
            name=word.name, namespace=namespace, labels=labels(word.name, word.tier), annotations=annotations or None
        ),
        automount_service_account_token=False,
        # Here, not in the pods: a new login restarts none.
        image_pull_secrets=[core.LocalObjectReferenceArgs(name=logins.metadata.name)] if logins else None,
        opts=opts,
    )
    policy = network_policy(
        cluster,
        word.name,
        word.tier,
        ports=() if isinstance(word, Job | Schedule) else word.ports,
        public_ports=offered_ports(cluster, word) if isinstance(word, Workload | Members) else (),
        private_to=word.private_to if isinstance(word, Members) else (),
        metrics_port=word.metrics_port if isinstance(word, Members) else None,
        peer_ports=word.peer_ports if isinstance(word, Members) else (),
        shard=word.shard if isinstance(word, Members) else None,
        outside=() if isinstance(word, Agent) else word.outside,
        namespace=namespace,
        opts=opts,
    )
    return account, policy
