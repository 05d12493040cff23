"""A worker that is stopped in the middle of its tasks loses none: real Celery, and the brokers as they are rendered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.rabbitmq.contract import broker_terms, broker_url
from components.redis_sentinel.contract import sentinel_terms
from drills.waiting import wait_for
from tests.components.app_tier.celery_workers import Workers
from tests.components.rabbitmq.cluster import APP, PASSWORD, Cluster
from tests.components.redis_sentinel.redis_members import COUNT, Group
from tests.live.require import require_programs

pytestmark = pytest.mark.live

GRACE = 5
SHORT = 0.1
STOP_SECONDS = 120
"""A platform kills after the grace and 15 s: on a busy machine the worker may take longer to give back what it has."""


@pytest.fixture
def on_redis(tmp_path: Path) -> Iterator[Workers]:
    require_programs("redis-server", "redis-sentinel", packages="redis-server redis-sentinel")
    group = Group(tmp_path, {"role": "broker", "app_commands": []})
    workers = None
    try:
        group.start_all()
        hosts = [group.address(ordinal) for ordinal in range(COUNT)]
        user, password = next(iter(group.apps.items()))
        values = {
            "sentinels": ",".join(f"{host}:26379" for host in hosts), "sentinel_hosts": ",".join(hosts),
            "sentinel_port": "26379", "master_name": "main", "socket_timeout": "2", "user": user, "password": password,
            "sentinel_password": group.passwords["sentinel"],
        }  # fmt: skip
        values |= {f"sentinel_{ordinal + 1}": host for ordinal, host in enumerate(hosts)}
        workers = _workers(tmp_path, sentinel_terms(COUNT, endpoint=False, named=True), values, concurrency=2)
        yield workers
    finally:
        if workers:
            workers.stop()
        group.stop()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker."""
    cluster = Cluster(tmp_path_factory.mktemp("rabbitmq"), {"members": 1, "tls": {"clients": "offered"}})
    try:
        cluster.start()
        cluster.wait_ready()
        yield cluster.address(0)
    finally:
        cluster.stop()


@pytest.fixture
def on_rabbitmq(node: str, tmp_path: Path) -> Iterator[Workers]:
    values = {
        "host": node, "node_1": node, "port": "5672", "vhost": "app", "user": APP,
        "nodes": f"{node}:5672", "heartbeat": "10", "password": PASSWORD,
    }  # fmt: skip
    values["url"] = broker_url(None).format(**values)
    workers = _workers(tmp_path, broker_terms(1), values, concurrency=2)
    try:
        yield workers
    finally:
        workers.stop()


def _workers(tmp_path: Path, terms: Any, values: dict[str, str], **worker: Any) -> Workers:
    place = tmp_path / "workers"
    place.mkdir()
    return Workers(place, terms, values, **worker)


def _stopped_in_the_middle(workers: Workers) -> None:
    """One task that is too long for the stop, one that ends within it, and twenty that wait."""
    names = [f"short-{number}" for number in range(20)]
    first = workers.start(grace=GRACE)
    workers.start_exporter()
    workers.send(("long", None), ("ends", None), *((name, SHORT) for name in names))
    wait_for("both processes work", lambda: {"long", "ends"} <= set(workers.count("began")), seconds=120, every=0.1)
    took = first.stop(STOP_SECONDS, meanwhile=lambda: workers.let_go("ends"))
    assert workers.count("began") - workers.count("ended") == {"long": 1}, "what began has ended, but for the long one"
    assert "ends" in workers.count("ended")
    assert len(workers.count("ended")) < len(names), "most tasks were not taken"
    assert took >= GRACE, "it waits for them"
    workers.let_go("long")
    workers.start(grace=60)
    every = {"long", "ends", *names}
    wait_for("all tasks have ended", lambda: set(workers.count("ended")) == every, seconds=120, every=0.2)
    assert set(workers.count("ended").values()) == {1}, "each once"
    again = {name: times for name, times in workers.count("began").items() if times > 1}
    assert again == {"long": 2}, "what the stop cancelled began again, and nothing else"
    succeeded = 'ha_celery_tasks_total{task="tasks.work",state="succeeded"}'
    wait_for("the exporter has heard all", lambda: workers.figures().get(succeeded) == len(every), seconds=120)
    wait_for("no task waits", lambda: workers.figures().get('ha_celery_queue_messages{queue="jobs"}') == 0, seconds=120)
    assert workers.figures()['ha_celery_task_runtime_seconds_bucket{task="tasks.work",le="+Inf"}'] == len(every)


def test_redis_loses_no_task_of_a_worker_that_is_stopped(on_redis: Workers) -> None:
    _stopped_in_the_middle(on_redis)


@pytest.mark.slow
def test_rabbitmq_loses_no_task_of_a_worker_that_is_stopped(on_rabbitmq: Workers) -> None:
    _stopped_in_the_middle(on_rabbitmq)


@pytest.mark.slow
def test_a_long_stop_does_not_cost_the_connection(on_rabbitmq: Workers) -> None:
    """RabbitMQ takes the tasks of a connection without heartbeats for lost, 10 s each: they would be run twice."""
    first = on_rabbitmq.start(grace=100)
    on_rabbitmq.start(grace=10)
    on_rabbitmq.send(*((f"long-{number}", 45.0) for number in range(3)))
    wait_for("they run", lambda: len(on_rabbitmq.count("began")) == 3, seconds=120, every=0.2)
    first.stop(100)
    wait_for("they have ended", lambda: len(on_rabbitmq.count("ended")) == 3, seconds=120, every=0.2)
    assert set(on_rabbitmq.count("began").values()) == {1}, "each was run once"
