"""Each alert of a cluster fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.rabbitmq.alerts import UNACKED, Alerts
from components.rabbitmq.settings import RabbitSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
NODES, QUEUES = "rabbitmq-jobs", "rabbitmq-jobs-queues"


def series(metric: str, node: int, values: str, job: str = NODES, **more: str) -> Series:
    labels = {"job": job, "instance": f"10.0.0.{node}:15692", **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"{metric}{{{text}}}": values}


def healthy(members: int = 3) -> Series:
    """All nodes answer; the queue `tasks` has a consumer, and what it holds is acknowledged."""
    found: Series = {}
    queue = {"vhost": "app", "queue": "tasks"}
    for node in range(members):
        found |= series("up", node, "1x160") | series("up", node, "1x160", QUEUES)
        found |= series("rabbitmq_alarms_memory_used_watermark", node, "0x160")
        found |= series("rabbitmq_alarms_free_disk_space_watermark", node, "0x160")
        found |= series("rabbitmq_unreachable_cluster_peers_count", node, "0x160")
    found |= series("rabbitmq_detailed_queue_messages_ready", 0, "0+1x160", QUEUES, **queue)
    found |= series("rabbitmq_detailed_queue_consumers", 0, "1x160", QUEUES, **queue)
    return found | series("rabbitmq_detailed_queue_messages_unacked", 0, "100x160", QUEUES, **queue)


def down(*nodes: int) -> Series:
    return {name: value for node in nodes for name, value in series("up", node, "0x160").items()}


QUEUE = {"vhost": "app", "queue": "tasks"}
CASES: dict[str, tuple[int, Series, set[str]]] = {
    "healthy": (3, {}, set()),
    "one alone": (1, {}, set()),
    "one alone is down": (1, down(0), {"Down"}),
    "a node down": (3, down(1), {"Down"}),
    "a majority down": (3, down(1, 2), {"Down", "NoMajority"}),
    "two of five down": (5, down(3, 4), {"Down"}),
    "a node without memory": (3, series("rabbitmq_alarms_memory_used_watermark", 1, "1x160"), {"MemoryAlarm"}),
    "a node without disk": (3, series("rabbitmq_alarms_free_disk_space_watermark", 1, "1x160"), {"DiskAlarm"}),
    "two that do not see each other": (
        3,
        series("rabbitmq_unreachable_cluster_peers_count", 1, "1x160")
        | series("rabbitmq_unreachable_cluster_peers_count", 2, "1x160"),
        {"NodesParted"},
    ),
    "nobody consumes": (
        3,
        series("rabbitmq_detailed_queue_consumers", 0, "0x160", QUEUES, **QUEUE),
        {"QueueWithoutConsumers"},
    ),
    "nobody consumes what does not grow": (
        3,
        series("rabbitmq_detailed_queue_consumers", 0, "0x160", QUEUES, **QUEUE)
        | series("rabbitmq_detailed_queue_messages_ready", 0, "500x160", QUEUES, **QUEUE),
        set(),
    ),
    "nobody acknowledges": (
        3,
        series("rabbitmq_detailed_queue_messages_unacked", 0, f"{UNACKED + 1}x160", QUEUES, **QUEUE),
        {"QueueUnacked"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_on_what_they_watch_alone(case: str) -> None:
    members, changed, expected = CASES[case]
    settings = RabbitSettings.model_validate({"members": members})
    rules = Alerts(name="jobs", settings=settings, nodes=NODES, queues=QUEUES).rules()
    fire(rules, healthy(members) | changed, {f"Rabbit_jobs{name}" for name in expected}, after="38m")
