"""What wakes somebody about Celery's workers, and what can wait until the morning."""

from components.app_tier.celery.settings import CeleryWorkerSettings
from components.observability import AlertRule, ScrapeTarget, alert, down_rule, runbook

FAILED_PERCENT, FAILED_TASKS = 10, 5
"""Of all that ended in 15 minutes; and so many at least, for one of two is no news."""


def rules(name: str, worker: CeleryWorkerSettings, target: ScrapeTarget) -> tuple[AlertRule, ...]:
    """Of one application."""
    one = f'job="{target.job}"'
    failed = f'sum(increase(ha_celery_tasks_total{{{one},state="failed"}}[15m]))'
    ended = f'sum(increase(ha_celery_tasks_total{{{one},state=~"failed|succeeded"}}[15m]))'
    return (
        alert(
            "Celery",
            name,
            "NoConsumers",
            f"max(ha_celery_workers{{{one}}}) == 0",
            120,
            "critical",
            "no worker has been heard of, and its queues are consumed by nobody",
            silences=("QueueLong",),
        ),
        alert(
            "Celery",
            name,
            "QueueLong",
            f"max by (queue) (ha_celery_queue_messages{{{one}}}) > {worker.queue_long}",
            600,
            "warning",
            "{{ $value }} tasks wait in {{ $labels.queue }}",
        ),
        alert(
            "Celery",
            name,
            "TasksFail",
            f"{failed} > {FAILED_TASKS} and 100 * {failed} / {ended} > {FAILED_PERCENT}",
            60,
            "warning",
            "{{ $value }} tasks have failed in 15 minutes, more than a tenth of all",
        ),
        down_rule(
            f"Celery_{name.replace('-', '_')}Exporter",
            target,
            for_seconds=300,
            severity="warning",
            runbook=runbook("Celery", "ExporterDown"),
        ),
    )
