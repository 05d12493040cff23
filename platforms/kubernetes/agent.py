"""One replica on every node: a DaemonSet in the agents' namespace, the only one that allows host paths."""

from collections.abc import Callable, Iterator

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from model import Agent, ConfigRef, Endpoint, SecretRef
from platforms import mounts, ports, process
from platforms.base import Refused
from platforms.kubernetes import devices
from platforms.kubernetes.account import account_and_policy
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import ORIGIN_ANNOTATION, labels, replicas_service, selector
from platforms.kubernetes.placement import every_node
from platforms.kubernetes.pod import Scheduling, grace_seconds, pod_template
from platforms.kubernetes.rollout import REVISIONS_KEPT
from platforms.kubernetes.service import service
from platforms.kubernetes.volume import ObjectName, container_mounts

_PLACEMENT_SECONDS = 240
"""Allowed beside an agent's own start and stop, for image pulls on all nodes."""

CopyOf = Callable[[SecretRef | ConfigRef], SecretRef | ConfigRef]


def refusals(cluster: Cluster, word: Agent) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.refusals(word.container)
    yield from mounts.refusals(word.container, host_paths=word.host_paths)
    yield from ports.refusals(word.ports)
    yield from devices.refusals(word.container, cluster.settings)
    if word.container.shared:
        names = ", ".join(mount.source.name for mount in word.container.shared)
        yield Refused("container.shared", names, "agents have a namespace of their own, and a claim belongs to one")


def render_agent(cluster: Cluster, word: Agent, *, copy_of: CopyOf, parent: pulumi.Resource) -> Endpoint:
    """Everything of one agent. `copy_of` gives the agents' namespace its own object of a secret or file."""
    beside = account_and_policy(cluster, word, parent=parent)
    names = cluster.names
    grace = grace_seconds(word.container, 0)
    daemon_set = apps.DaemonSet(
        word.name,
        metadata=ObjectMetaArgs(
            name=word.name,
            namespace=names.agents_namespace,
            labels=labels(word.name, word.tier),
            annotations={ORIGIN_ANNOTATION: str(word.origin)},
        ),
        spec=_spec(cluster, word, lambda ref: copy_of(ref).object_name),
        opts=cluster.options(
            parent,
            after=(*beside, *word.depends_on),
            timeout_seconds=word.probes.start_seconds + grace + _PLACEMENT_SECONDS,
            stop_seconds=grace,
        ),
    )
    services = _services(cluster, word, parent=parent) if word.ports else ()
    return Endpoint(
        host=names.host(word.name),
        replicas_host=names.replicas_host(word.name),
        resources=(daemon_set, *services),
    )


def _spec(cluster: Cluster, word: Agent, object_name: ObjectName) -> apps.DaemonSetSpecArgs:
    return apps.DaemonSetSpecArgs(
        selector=LabelSelectorArgs(match_labels=selector(word.name)),
        update_strategy=apps.DaemonSetUpdateStrategyArgs(type="RollingUpdate"),
        revision_history_limit=REVISIONS_KEPT,
        template=pod_template(
            cluster,
            word.container,
            container_mounts(word.container, object_name=object_name, host_paths=word.host_paths),
            name=word.name,
            tier=word.tier,
            labels=labels(word.name, word.tier),
            ports=word.ports,
            probes=word.probes,
            scheduling=Scheduling(tolerations=every_node()),
        ),
    )


def _services(cluster: Cluster, word: Agent, *, parent: pulumi.Resource) -> tuple[core.Service, ...]:
    """The agents' addresses, and the stack's own two names as aliases of them: a name tells nobody where it runs."""
    names = cluster.names
    own_labels = labels(word.name, word.tier)
    addresses = service(
        f"{word.name}-agents",
        object_name=replicas_service(word.name),
        namespace=names.agents_namespace,
        labels=own_labels,
        selector=selector(word.name),
        ports=word.ports,
        headless=True,
        opts=cluster.options(parent, after=cluster.agents_foundation),
    )
    aliases = (
        core.Service(
            name,
            metadata=ObjectMetaArgs(name=name, namespace=names.namespace, labels=own_labels),
            spec=core.ServiceSpecArgs(type="ExternalName", external_name=names.agents_host(word.name)),
            opts=cluster.options(parent),
        )
        for name in (word.name, replicas_service(word.name))
    )
    return addresses, *aliases
