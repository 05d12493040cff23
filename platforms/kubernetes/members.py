"""Named members with a volume each: a StatefulSet, and a stable address for every member."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from model import Endpoint, Members
from platforms.base import Refused
from platforms.kubernetes import devices, entry, priority, shared
from platforms.kubernetes.account import account_and_policy
from platforms.kubernetes.claim import TEMPLATES, claim_template, member_claims
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.disruption import disruption_budget
from platforms.kubernetes.entry import entry_service, offered_ports
from platforms.kubernetes.names import (
    MEMBERS_LABEL,
    ORIGIN_ANNOTATION,
    SHARD_LABEL,
    labels,
    member_claim,
    public_service,
    replicas_service,
    selector,
)
from platforms.kubernetes.placement import apart, away_from_same_ordinal, spread, tolerations
from platforms.kubernetes.pod import Scheduling, grace_seconds, pod_template
from platforms.kubernetes.rollout import REVISIONS_KEPT
from platforms.kubernetes.security import admission_refusals
from platforms.kubernetes.service import service
from platforms.kubernetes.volume import container_mounts
from platforms.members import common_refusals, other_count
from platforms.shared import recorded

_PLACEMENT_SECONDS = 120
"""Allowed to each member beside its own start and stop: scheduling, volume attachment, image pull."""


def refusals(cluster: Cluster, word: Members) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from common_refusals(word)
    yield from admission_refusals(word.container, cluster.settings)
    yield from devices.refusals(word.container, cluster.settings)
    yield from priority.refusals(word.priority, word.tier, cluster.settings)
    yield from entry.refusals(cluster, word)
    nodes = cluster.settings.nodes
    if nodes is not None and word.count > nodes and not cluster.settings.share_nodes:
        yield Refused(
            "count",
            word.count,
            f"each member has a node of its own, and `platform.nodes` is {nodes}; set at most that many, add "
            "nodes, or say `platform.share_nodes`",
        )
    if word.hosts:
        yield Refused(
            "hosts",
            ", ".join(word.hosts),
            "a member runs where its volume can be attached, and the scheduler chooses that node; "
            "use `placement.labels`",
        )
    if word.abandon_data_on:
        yield Refused(
            "abandon_data_on",
            ", ".join(word.abandon_data_on),
            "a member keeps its volume here wherever it runs; leave the key out",
        )
    if not word.ports and word.peers:
        yield Refused("ports", "none", "members are reached by name; declare the ports they listen on")


def objects(cluster: Cluster, word: Members) -> list[str]:
    """Names of Services beside the word's own two."""
    members = [f"{word.name}-{ordinal}" for ordinal in range(word.count)]
    return [*members, *([public_service(word.name)] if offered_ports(cluster, word) else [])]


def render_members(cluster: Cluster, word: Members, *, parent: pulumi.Resource) -> Endpoint:
    """Everything of the members; a dependent waits until all of them are ready."""
    beside = account_and_policy(cluster, word, parent=parent)
    services = _services(cluster, word, parent=parent)
    claims = member_claims(cluster, word, parent=parent)
    grace = grace_seconds(word.container, 0)
    wait_seconds = word.count * (word.probes.start_seconds + grace + _PLACEMENT_SECONDS)
    wait_seconds += max(0, word.slow_start_seconds - word.probes.start_seconds)  # one of them copies its data
    stateful_set = apps.StatefulSet(
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
            after=(*beside, *services, *claims, *word.depends_on),
            timeout_seconds=wait_seconds,
            stop_seconds=grace,
            ignore_changes=[TEMPLATES],
            hooks=[_guard(word), *shared.watch(word)],
        ),
    )
    if offered_ports(cluster, word):
        after = cluster.options(parent, after=[stateful_set], timeout_seconds=wait_seconds)
        services += (entry_service(cluster, word, opts=after),)
    if word.count > 1:
        disruption_budget(
            word.name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            evict_unhealthy=False,
            opts=cluster.options(parent),
        )
    return Endpoint(
        host=cluster.names.host(word.name),
        replicas_host=cluster.names.replicas_host(word.name),
        member_hosts=tuple(cluster.names.member_host(word.name, ordinal) for ordinal in range(word.count)),
        resources=(stateful_set, *services),
    )


class TooFew(Exception):
    """A change would leave a store without its majority. The text is for people."""


def _guard(word: Members) -> pulumi.ResourceHook:
    """Fails a preview or an update that gives a store a number of members that it cannot have, and says which claims of
    others stay behind."""

    def look(args: pulumi.ResourceHookArgs) -> None:
        before = ((args.old_inputs or {}).get("spec") or {}).get("replicas")
        if not isinstance(before, (int, float)):
            return
        if reason := other_count(word, int(before)):
            raise TooFew(reason)
        if word.peers:
            return
        for ordinal in range(word.count, int(before)):
            claim = member_claim(word.name, ordinal)
            pulumi.log.warn(
                f"{word.origin}: {word.name}-{ordinal} goes; its claim {claim} stays behind, and a later {word.name}-"
                f"{ordinal} would have it again. To remove it: `kubectl delete pvc {claim}` in the stack's namespace."
            )

    return pulumi.ResourceHook(f"members-{word.name}", look, pulumi.ResourceHookOptions(on_dry_run=True))


def _spec(cluster: Cluster, word: Members) -> apps.StatefulSetSpecArgs:
    own_labels = labels(word.name, word.tier)
    return apps.StatefulSetSpecArgs(
        replicas=word.count,
        service_name=replicas_service(word.name),
        selector=LabelSelectorArgs(match_labels=selector(word.name)),
        # All start at once and find each other; an update still goes member by member, each ready before the next.
        pod_management_policy="Parallel",
        update_strategy=apps.StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
        revision_history_limit=REVISIONS_KEPT,
        persistent_volume_claim_retention_policy=apps.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
            when_deleted="Retain" if cluster.data == "keep" else "Delete", when_scaled="Retain"
        ),
        volume_claim_templates=[claim_template(cluster, word.volume, labels=own_labels)],
        template=pod_template(
            cluster,
            word.container,
            container_mounts(word.container, object_name=lambda ref: ref.object_name, claim=word.volume),
            name=word.name,
            tier=word.tier,
            labels=own_labels | {MEMBERS_LABEL: word.name} | _shard_labels(word),
            ports=word.ports,
            priority=word.priority,
            probes=word.probes,
            scheduling=_scheduling(cluster, word),
            members=True,
        ),
    )


def _scheduling(cluster: Cluster, word: Members) -> Scheduling:
    # A member 0 tends to be the first primary or master: not all of them on one node.
    anti_affinity = away_from_same_ordinal(
        apart(word.name, required=not cluster.settings.share_nodes, revisions=False), shards=_shard_labels(word)
    )
    return Scheduling(
        affinity=core.AffinityArgs(pod_anti_affinity=anti_affinity),
        spread=spread(word.name, cluster.settings.topology_keys, revisions=False),
        tolerations=tolerations(word.tolerations),
        node_labels=word.node_labels,
    )


def _shard_labels(word: Members) -> dict[str, str]:
    return {SHARD_LABEL: word.shard.of} if word.shard else {}


def _services(cluster: Cluster, word: Members, *, parent: pulumi.Resource) -> tuple[core.Service, ...]:
    """One of the ready members, each ready member, and every single member by an address that outlives its pod.

    A member's own Service answers before the member is ready, so that members find each other. Its name always
    resolves, also while the pod is away: clients that look names up synchronously do not hang on it.
    """

    def of(name: str, select: dict[str, str], *, headless: bool = False, before_ready: bool = False) -> core.Service:
        return service(
            name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            selector=select,
            ports=word.ports,
            headless=headless,
            before_ready=before_ready,
            opts=cluster.options(parent),
        )

    members = (
        of(
            f"{word.name}-{ordinal}",
            {"statefulset.kubernetes.io/pod-name": f"{word.name}-{ordinal}"},
            before_ready=True,
        )
        for ordinal in range(word.count)
    )
    if not word.ports:
        return ()
    everyone = selector(word.name)
    return of(word.name, everyone), of(replicas_service(word.name), everyone, headless=True), *members
