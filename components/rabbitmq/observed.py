"""What a cluster declares to monitoring. Its own plugin serves the figures, without a login: they name queues."""

from components.contracts import Waiting
from components.observability import Observability, Panel, ScrapeTarget
from components.rabbitmq.alerts import Alerts
from components.rabbitmq.ports import METRICS_PORT
from components.rabbitmq.settings import RabbitSettings
from model import Endpoint

_FAMILIES = ("queue_coarse_metrics", "queue_consumer_count")
"""Of each queue: messages, and consumers. Its leader's node has them."""


def waiting(name: str, vhost: str) -> Waiting:
    """Where the messages of a virtual host are counted."""
    return Waiting(metric="rabbitmq_detailed_queue_messages_ready", labels={"job": _queues_job(name), "vhost": vhost})


def _queues_job(name: str) -> str:
    return f"rabbitmq-{name}-queues"


def observed(name: str, settings: RabbitSettings, members: Endpoint) -> Observability:
    """Two targets on every node: of the node, and of each queue."""
    nodes = ScrapeTarget(
        job=f"rabbitmq-{name}",
        replicas_host=members.replicas_host,
        port=METRICS_PORT,
        expected=settings.members,
    )
    queues = ScrapeTarget(
        job=_queues_job(name),
        replicas_host=members.replicas_host,
        port=METRICS_PORT,
        path="/metrics/detailed",
        expected=settings.members,
        params=tuple(("family", family) for family in _FAMILIES),
    )
    one, each = f'job="{nodes.job}"', f'job="{queues.job}"'
    return Observability(
        targets=(nodes, queues),
        rules=Alerts(name=name, settings=settings, nodes=nodes.job, queues=queues.job).rules(),
        panels=(
            Panel(title=f"{name}: messages ready", expr=f"sum(rabbitmq_detailed_queue_messages_ready{{{each}}})"),
            Panel(title=f"{name}: messages unacked", expr=f"sum(rabbitmq_detailed_queue_messages_unacked{{{each}}})"),
            Panel(title=f"{name}: memory", expr=f"max(rabbitmq_process_resident_memory_bytes{{{one}}})", unit="bytes"),
        ),
    )
