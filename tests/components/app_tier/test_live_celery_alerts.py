"""Each alert of a Celery worker fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.app_tier.celery.alerts import rules
from components.app_tier.celery.settings import CeleryWorkerSettings
from components.observability import ScrapeTarget
from tests.promtool import fire, metrics

pytestmark = pytest.mark.live

JOB = 'job="celery-worker"'
TARGET = ScrapeTarget(job="celery-worker", replicas_host="tasks.worker-celery", port=9808)
RULES = rules("worker", CeleryWorkerSettings(time_limit=600, queue_long=100), TARGET)


def ended(state: str) -> str:
    return f'ha_celery_tasks_total{{{JOB},task="shop.mail",state="{state}"}}'


HEALTHY = {
    f"up{{{JOB}}}": "1x160",
    f"ha_celery_workers{{{JOB}}}": "3x160",
    f'ha_celery_queue_messages{{{JOB},queue="mail"}}': "100x160",
    f'ha_celery_queue_messages{{{JOB},queue="reports"}}': "0x160",
    ended("succeeded"): "0+10x160",
    ended("failed"): "0+1x160",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, set()),
        ({f"ha_celery_workers{{{JOB}}}": "3x80 0x80"}, {"NoConsumers"}),
        ({f'ha_celery_queue_messages{{{JOB},queue="mail"}}': "101x160"}, {"QueueLong"}),
        ({f'ha_celery_queue_messages{{{JOB},queue="mail"}}': "100x140 500x20"}, set()),
        ({ended("failed"): "0+2x160"}, {"TasksFail"}),
        ({ended("succeeded"): "0x160", ended("failed"): "0x150 4x10"}, set()),
        ({f"up{{{JOB}}}": "1x80 0x80"}, {"ExporterDown"}),
        ({f"up{{{JOB}}}": ""}, {"ExporterDown"}),
    ],
    ids=[
        "healthy",
        "no worker",
        "a long queue",
        "not for long",
        "a sixth fails",
        "four of four",
        "down",
        "gone",
    ],
)
def test_what_fires(changed: dict[str, str], expected: set[str]) -> None:
    series = {name: values for name, values in (HEALTHY | changed).items() if values}
    fire(RULES, series, {f"Celery_worker{name}" for name in expected}, after="38m")


def test_each_rule_reads_what_the_exporter_or_prometheus_says() -> None:
    read = {name for rule in RULES for name in metrics(rule.expr)}
    assert read == {name.partition("{")[0] for name in HEALTHY}
