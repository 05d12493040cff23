"""A command run once beside a job of a cluster, or one by the clock: in its image, behind its policies, and with its
secrets."""

import time
from collections.abc import Sequence
from typing import Any

from cli.clients import answering, kubernetes_api
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.workloads import Workload

_POLL_SECONDS = 0.5
_OF_A_JOB = ("controller-uid", "job-name")
"""Labels by which a job knows its pods, alone and behind `batch.kubernetes.io/`."""


def run(workload: Workload, verb: str, command: Sequence[str], seconds: float, hosts: Hosts) -> tuple[int, str]:
    """Exit code, and what it wrote. The job that runs it is removed. Raises CommandError where it does not end in time,
    or another one is at work."""
    namespace, _ = workload.id.split("/")
    name = f"{workload.word}-{verb}"
    with answering(hosts):
        api = kubernetes_api(hosts)
        batch = api.BatchV1Api()
        _remove_ended(batch, namespace, name, verb)
        template = _template(batch, workload, namespace)
        batch.create_namespaced_job(namespace, _once(api, template, name, command, seconds))
        try:
            code = _ended(batch, namespace, name, seconds)
            pods = api.CoreV1Api().list_namespaced_pod(namespace, label_selector=f"job-name={name}").items
            said = api.CoreV1Api().read_namespaced_pod_log(pods[0].metadata.name, namespace) if pods else ""
        finally:
            batch.delete_namespaced_job(name, namespace, propagation_policy="Background")
    return code, said


def _template(batch: Any, workload: Workload, namespace: str) -> Any:
    """Of the pods of a Job, or of those that a CronJob makes."""
    if ":CronJob::" in workload.urn:
        return batch.read_namespaced_cron_job(workload.name, namespace).spec.job_template.spec.template
    return batch.read_namespaced_job(workload.name, namespace).spec.template


def _once(api: Any, template: Any, name: str, command: Sequence[str], seconds: float) -> Any:
    labels = {key: value for key, value in template.metadata.labels.items() if key.split("/")[-1] not in _OF_A_JOB}
    template.metadata = api.V1ObjectMeta(labels=labels, annotations=template.metadata.annotations)
    template.spec.containers[0].command = [*command]
    template.spec.containers[0].args = []
    return api.V1Job(
        metadata=api.V1ObjectMeta(name=name, labels=labels),
        spec=api.V1JobSpec(
            backoff_limit=0, active_deadline_seconds=int(seconds), ttl_seconds_after_finished=600, template=template
        ),
    )


def _remove_ended(batch: Any, namespace: str, name: str, verb: str) -> None:
    """One that was interrupted. Raises CommandError for one that runs."""
    for left in batch.list_namespaced_job(namespace, field_selector=f"metadata.name={name}").items:
        if left.status.active:
            raise CommandError(f"another {verb} is at work (job {name}); wait until it has ended.")
        batch.delete_namespaced_job(name, namespace, propagation_policy="Background")
        deadline = time.monotonic() + 30
        while batch.list_namespaced_job(namespace, field_selector=f"metadata.name={name}").items:
            if time.monotonic() > deadline:
                raise CommandError(f"the job {name} of an earlier {verb} does not go.")
            time.sleep(_POLL_SECONDS)


def _ended(batch: Any, namespace: str, name: str, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while True:
        status = batch.read_namespaced_job_status(name, namespace).status
        if status.succeeded or status.failed:
            return 0 if status.succeeded else 1
        if time.monotonic() > deadline:
            raise CommandError(f"the job {name} did not end within {seconds:g} s; is there a node for it?")
        time.sleep(_POLL_SECONDS)
