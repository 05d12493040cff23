"""What wakes somebody about a cluster, and what can wait until the morning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert
from components.rabbitmq.settings import RabbitSettings

UNACKED = 10_000
"""Messages of one queue that consumers hold. A prefetch of some hundred, times a few dozen consumers, stays below."""
SILENCES: Mapping[str, tuple[str, ...]] = {"NoMajority": ("Down",)}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The rules of one cluster. `nodes` and `queues` are the jobs of its targets."""

    name: str
    settings: RabbitSettings
    nodes: str
    queues: str

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to a cluster of this size."""
        several = self._of_several() if self.settings.members > 1 else ()
        return (*self._of_each(), *several, *self._of_queues())

    def _of_each(self) -> Iterator[AlertRule]:
        count = self.settings.members
        yield self._rule(
            "Down", f"{count} - {self._up} > 0", 60, "critical", f"{{{{ $value }}}} of {count} nodes are down"
        )
        yield self._rule(
            "MemoryAlarm",
            f"max(rabbitmq_alarms_memory_used_watermark{{{self._one}}}) > 0",
            30,
            "critical",
            "a node is above its memory watermark, and no node takes messages",
        )
        yield self._rule(
            "DiskAlarm",
            f"max(rabbitmq_alarms_free_disk_space_watermark{{{self._one}}}) > 0",
            30,
            "critical",
            "a node has less free disk space than its watermark, and no node takes messages",
        )

    def _of_several(self) -> Iterator[AlertRule]:
        yield self._rule(
            "NoMajority",
            f"{self._up} < {self.settings.majority}",
            30,
            "critical",
            "{{ $value }} nodes answer, fewer than a majority: queues take no messages",
        )
        yield self._rule(
            "NodesParted",
            f"max(rabbitmq_unreachable_cluster_peers_count{{{self._one}}}) > 0 and on () "
            f"{self._up} == {self.settings.members}",
            120,
            "warning",
            "all nodes answer, and one does not reach {{ $value }} of the others",
        )

    def _of_queues(self) -> Iterator[AlertRule]:
        ready, consumers = "rabbitmq_detailed_queue_messages_ready", "rabbitmq_detailed_queue_consumers"
        each = "max by (vhost, queue)"
        yield self._rule(
            "QueueWithoutConsumers",
            f"{each} (delta({ready}{{{self._queues}}}[10m])) > 0 and on (vhost, queue) "
            f"{each} ({consumers}{{{self._queues}}}) == 0",
            600,
            "warning",
            "nobody consumes from {{ $labels.queue }} of {{ $labels.vhost }}, and it grows",
        )
        yield self._rule(
            "QueueUnacked",
            f"{each} (rabbitmq_detailed_queue_messages_unacked{{{self._queues}}}) > {UNACKED}",
            900,
            "warning",
            "consumers of {{ $labels.queue }} of {{ $labels.vhost }} hold {{ $value }} messages and do not acknowledge "
            "them",
        )

    @property
    def _one(self) -> str:
        return f'job="{self.nodes}"'

    @property
    def _queues(self) -> str:
        return f'job="{self.queues}"'

    @property
    def _up(self) -> str:
        """How many nodes answer."""
        return f"(sum(up{{{self._one}}}) or vector(0))"

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Rabbit", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
