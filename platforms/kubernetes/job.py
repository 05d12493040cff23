"""Work that runs to its end before others start."""

from collections.abc import Iterator

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Job
from platforms import mounts, process
from platforms.base import Refused
from platforms.kubernetes import devices, priority
from platforms.kubernetes.account import account_and_policy
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import ORIGIN_ANNOTATION, labels
from platforms.kubernetes.pod import grace_seconds, pod_template
from platforms.kubernetes.rollout import WAIT_MARGIN_SECONDS
from platforms.kubernetes.security import admission_refusals
from platforms.kubernetes.volume import container_mounts

_RUN_AGAIN = {"pulumi.com/replaceUnready": "true"}
"""Of a job that failed. Without it the next update would report the old failure again."""


def refusals(cluster: Cluster, word: Job) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.job_refusals(word)
    yield from mounts.refusals(word.container)
    yield from admission_refusals(word.container, cluster.settings)
    yield from devices.refusals(word.container, cluster.settings)
    yield from priority.refusals(word.priority, word.tier, cluster.settings)


def render_job(cluster: Cluster, word: Job, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """A batch Job whose name is left to Pulumi: a changed container runs as a new one before the old one goes.

    Failed pods stay, so that their logs can be read.
    """
    beside = account_and_policy(cluster, word, parent=parent)
    job = batch.Job(
        word.name,
        metadata=ObjectMetaArgs(
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            annotations={ORIGIN_ANNOTATION: str(word.origin)} | _RUN_AGAIN,
        ),
        spec=batch.JobSpecArgs(
            backoff_limit=word.retries,
            active_deadline_seconds=word.deadline_seconds,
            template=pod_template(
                cluster,
                word.container,
                container_mounts(word.container, object_name=lambda ref: ref.object_name),
                name=word.name,
                tier=word.tier,
                priority=word.priority,
                labels=labels(word.name, word.tier),
                restart_policy="Never",
            ),
        ),
        opts=cluster.options(
            parent,
            after=(*beside, *word.depends_on),
            timeout_seconds=word.deadline_seconds + WAIT_MARGIN_SECONDS,
            stop_seconds=grace_seconds(word.container, 0),
        ),
    )
    return (job,)
