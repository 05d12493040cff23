"""Work by the clock: a CronJob whose runs tell the schedule's clock how they were."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Container, Schedule
from platforms import mounts, schedules
from platforms.base import Refused
from platforms.kubernetes import devices, priority, shared
from platforms.kubernetes.account import account_and_policy
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import ORIGIN_ANNOTATION, labels
from platforms.kubernetes.placement import tolerations
from platforms.kubernetes.pod import Scheduling, grace_seconds, pod_template
from platforms.kubernetes.security import admission_refusals
from platforms.kubernetes.volume import container_mounts
from platforms.shared import recorded

_START_SECONDS = 60
"""Allowed to a pod beside the run itself, whose own deadline comes first: to be placed, and to pull its image."""


def refusals(cluster: Cluster, word: Schedule) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from schedules.refusals(word)
    yield from mounts.refusals(word.container)
    yield from admission_refusals(word.container, cluster.settings)
    yield from devices.refusals(word.container, cluster.settings)
    yield from priority.refusals(word.priority, word.tier, cluster.settings)


def render_schedule(
    cluster: Cluster,
    word: Schedule,
    container: Container,
    *,
    clock: tuple[pulumi.Resource, ...],
    parent: pulumi.Resource,
) -> batch.CronJob:
    """Pods that ended stay, as many of each kind as the word says, so that their logs can be read."""
    beside = account_and_policy(cluster, word, parent=parent)
    named = labels(word.name, word.tier)
    deadline = word.deadline_seconds + grace_seconds(container, 0) + _START_SECONDS
    return batch.CronJob(
        word.name,
        metadata=ObjectMetaArgs(
            name=word.name,
            namespace=cluster.names.namespace,
            labels=named,
            annotations={ORIGIN_ANNOTATION: str(word.origin)} | recorded(word.container),
        ),
        spec=batch.CronJobSpecArgs(
            schedule=word.at,
            time_zone="Etc/UTC" if word.zone == "UTC" else word.zone,
            concurrency_policy="Forbid",
            starting_deadline_seconds=word.start_within_seconds,
            successful_jobs_history_limit=word.history,
            failed_jobs_history_limit=word.history,
            job_template=batch.JobTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=named),
                spec=batch.JobSpecArgs(
                    backoff_limit=0,
                    active_deadline_seconds=deadline,
                    template=pod_template(
                        cluster,
                        container,
                        container_mounts(container, object_name=lambda ref: ref.object_name),
                        name=word.name,
                        tier=word.tier,
                        priority=word.priority,
                        labels=named,
                        scheduling=Scheduling(node_labels=word.node_labels, tolerations=tolerations(word.tolerations)),
                        restart_policy="Never",
                    ),
                ),
            ),
        ),
        opts=cluster.options(parent, after=(*beside, *clock, *word.depends_on), hooks=shared.watch(word)),
    )
