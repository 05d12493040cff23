"""Interchangeable replicas: a Deployment, its Services, its disruption budget and its autoscaler."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from model import Endpoint, Workload
from platforms import mounts, ports, process, rollouts, scaling
from platforms.base import Refused
from platforms.kubernetes import devices, entry, front, keda, priority, rollout, shared
from platforms.kubernetes.account import account_and_policy
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.disruption import disruption_budget
from platforms.kubernetes.entry import entry_service, offered_ports
from platforms.kubernetes.names import ORIGIN_ANNOTATION, labels, public_service, replicas_service, selector
from platforms.kubernetes.placement import apart, prefer_spot, spot_tolerations, spread, tolerations
from platforms.kubernetes.pod import Scheduling, grace_seconds, pod_template
from platforms.kubernetes.rollout import REVISIONS_KEPT, WAIT_MARGIN_SECONDS, stop_wait_seconds, strategy
from platforms.kubernetes.scaling import autoscaler
from platforms.kubernetes.security import admission_refusals
from platforms.kubernetes.service import service
from platforms.kubernetes.volume import container_mounts
from platforms.shared import recorded


def refusals(cluster: Cluster, word: Workload) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.refusals(word.container)
    yield from mounts.refusals(word.container)
    yield from ports.refusals(word.ports, word.public_ports)
    yield from admission_refusals(word.container, cluster.settings)
    yield from devices.refusals(word.container, cluster.settings)
    yield from priority.refusals(word.priority, word.tier, cluster.settings)
    yield from entry.refusals(cluster, word)
    yield from rollout.refusals(word, most_replicas(word))
    if word.scaling:
        yield from scaling.refusals(word.scaling)
    nodes, most = cluster.settings.nodes, most_replicas(word)
    if word.spread == "require" and nodes is not None and most > nodes and not cluster.settings.share_nodes:
        yield Refused(
            "spread",
            most,
            f"{most} replicas need a node each, and `platform.nodes` is {nodes}; add nodes, set fewer replicas, or say "
            "`spread: prefer` where there is that key, or `platform.share_nodes`",
        )


def most_replicas(word: Workload) -> int:
    """The most that are wanted at one time."""
    return word.scaling.max_replicas if word.scaling else word.replicas


def objects(cluster: Cluster, word: Workload) -> list[str]:
    """Names of Services beside the word's own two, and of what stands beside those."""
    return [public_service(word.name), *front.objects(word)] if offered_ports(cluster, word) else []


def render_workload(cluster: Cluster, word: Workload, *, parent: pulumi.Resource) -> Endpoint:
    """Everything of one workload; a dependent waits until its replicas are ready."""
    beside = account_and_policy(cluster, word, parent=parent)
    grace = grace_seconds(word.container, _delay(cluster, word))
    total = rollouts.total_seconds(
        word.rollout,
        word.probes,
        replicas=most_replicas(word),
        stop_seconds=stop_wait_seconds(word.rollout, grace),
    )
    wait_seconds = total + WAIT_MARGIN_SECONDS
    deployment = apps.Deployment(
        word.name,
        metadata=ObjectMetaArgs(
            name=word.name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            annotations={ORIGIN_ANNOTATION: str(word.origin)} | recorded(word.container),
        ),
        spec=_spec(cluster, word),
        opts=cluster.options(
            parent,
            after=(*beside, *word.depends_on),
            timeout_seconds=wait_seconds,
            stop_seconds=grace,
            ignore_changes=["spec.replicas"] if word.scaling else None,
            hooks=shared.watch(word),
        ),
    )
    services = _services(cluster, word, parent=parent)
    in_front: tuple[pulumi.Resource, ...] = ()
    after = cluster.options(parent, after=[deployment], timeout_seconds=wait_seconds)
    if offered_ports(cluster, word):
        service_for_clients = entry_service(cluster, word, opts=after)
        services += (service_for_clients,)
        if cluster.settings.front and word.front:
            in_front = front.render_front(cluster, word, word.front, service_for_clients, parent=parent)
    if word.scaling and not keda.needed(word.scaling):
        autoscaler(cluster, word, word.scaling, opts=after)
    elif word.scaling and not word.scaling.metrics:  # with metrics it waits until somebody says where Prometheus is
        keda.scaled_object(cluster, word, word.scaling, opts=after)
    if (word.scaling.min_replicas if word.scaling else word.replicas) > 1:
        disruption_budget(
            word.name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            evict_unhealthy=True,
            opts=cluster.options(parent),
        )
    return Endpoint(
        host=cluster.names.host(word.name),
        replicas_host=cluster.names.replicas_host(word.name),
        resources=(deployment, *services, *in_front),
    )


def _spec(cluster: Cluster, word: Workload) -> apps.DeploymentSpecArgs:
    return apps.DeploymentSpecArgs(
        replicas=word.replicas,
        selector=LabelSelectorArgs(match_labels=selector(word.name)),
        strategy=strategy(word.rollout),
        min_ready_seconds=word.rollout.stable_seconds,
        # Counted from one step to the next: what a single replica may take, and what it waits for.
        progress_deadline_seconds=word.rollout.deadline_seconds
        + stop_wait_seconds(word.rollout, grace_seconds(word.container, _delay(cluster, word))),
        revision_history_limit=REVISIONS_KEPT,
        template=pod_template(
            cluster,
            word.container,
            container_mounts(word.container, object_name=lambda ref: ref.object_name),
            name=word.name,
            tier=word.tier,
            labels=labels(word.name, word.tier),
            ports=word.ports,
            priority=word.priority,
            probes=word.probes,
            scheduling=_scheduling(cluster, word),
            delay_seconds=_delay(cluster, word),
        ),
    )


def _must_spread(cluster: Cluster, word: Workload) -> bool:
    return word.spread == "require" and not cluster.settings.share_nodes


def _scheduling(cluster: Cluster, word: Workload) -> Scheduling:
    return Scheduling(
        affinity=core.AffinityArgs(
            pod_anti_affinity=apart(word.name, required=_must_spread(cluster, word), revisions=True),
            node_affinity=prefer_spot() if word.prefer_spot else None,
        ),
        spread=spread(word.name, cluster.settings.topology_keys, revisions=True),
        tolerations=[*(spot_tolerations() if word.prefer_spot else ()), *tolerations(word.tolerations)],
        node_labels=word.node_labels,
    )


def _delay(cluster: Cluster, word: Workload) -> int:
    """Only a replica that others connect to has to be forgotten by them; a cloud's balancer takes longest."""
    settings = cluster.settings
    if settings.entry == "load-balancer" and offered_ports(cluster, word):
        return settings.public_delay
    return settings.deregistration_delay if word.ports else 0


def _services(cluster: Cluster, word: Workload, *, parent: pulumi.Resource) -> tuple[core.Service, ...]:
    """None for a worker without ports."""
    if not word.ports:
        return ()

    def of(name: str, headless: bool) -> core.Service:
        return service(
            name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            selector=selector(word.name),
            ports=word.ports,
            headless=headless,
            opts=cluster.options(parent),
        )

    return of(word.name, False), of(replicas_service(word.name), True)
