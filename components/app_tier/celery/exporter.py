"""The exporter of a worker: one replica in the worker's image, with the worker's login at the broker."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi

from components.app_tier.celery.alerts import rules
from components.app_tier.celery.preset import command
from components.app_tier.celery.programs import METRICS_PORT as PORT
from components.app_tier.settings import AppTierSettings
from components.liveness import liveness
from components.observability import Observability, Panel, ScrapeTarget
from components.scope import Scope
from model import Container, HttpCheck, Outside, Port, Probe, Probes, Resources, Stop, Tier, Workload
from model.units import MIB

RESOURCES = Resources(
    cpu_request_millis=20, cpu_limit_millis=250, memory_request_bytes=64 * MIB, memory_limit_bytes=128 * MIB
)
"""It keeps the names of the tasks that run; Celery itself takes 45 MiB."""


def exporter(
    scope: Scope,
    name: str,
    settings: AppTierSettings,
    container: Container,
    *,
    outside: tuple[Outside, ...],
    depends_on: Sequence[pulumi.Resource],
) -> tuple[Observability, Sequence[pulumi.Resource]]:
    """Its word: what monitoring hears of the worker, and what is replaced with the broker's login. `container` is that
    of a replica."""
    assert settings.celery is not None, "only a worker of Celery has an exporter"
    health = HttpCheck(path="/health", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=exporter_name(name),
            origin=scope.origin,
            tier=Tier.APP,
            container=replace(
                container,
                command=command(settings.celery, "exporter"),
                resources=RESOURCES,
                devices={},
                shared=(),
                shm_bytes=None,
                stop=Stop(),
            ),
            replicas=1,
            ports=(Port(name="metrics", number=PORT),),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=60),
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
            outside=outside,
            priority=settings.priority,
            account_annotations=settings.account_annotations,
            depends_on=tuple(depends_on),
        )
    )
    target = ScrapeTarget(job=f"celery-{name}", replicas_host=endpoint.replicas_host, port=PORT)
    one = f'job="{target.job}"'
    runtime = f"ha_celery_task_runtime_seconds_bucket{{{one}}}"
    failed = f'ha_celery_tasks_total{{{one},state="failed"}}'
    observed = Observability(
        targets=(target,),
        rules=rules(name, settings.celery.worker, target),
        panels=(
            Panel(title=f"{name}: messages in queues", expr=f"max by (queue) (ha_celery_queue_messages{{{one}}})"),
            Panel(title=f"{name}: workers", expr=f"max(ha_celery_workers{{{one}}})"),
            Panel(
                title=f"{name}: 95 % of tasks take less",
                expr=f"histogram_quantile(0.95, sum by (le, task) (rate({runtime}[5m])))",
                unit="s",
            ),
            Panel(title=f"{name}: tasks that fail", expr=f"sum by (task) (rate({failed}[5m]))", unit="ops"),
        ),
    )
    return observed, endpoint.resources


def exporter_name(name: str) -> str:
    """Of its word."""
    return f"{name}-celery"
