"""What wakes somebody about a cluster, and what can wait until the morning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert
from components.redis_cluster.settings import ClusterSettings

SLOTS = 16_384
NEARLY_FULL = 0.9
"""Of `maxmemory`: a store that is full refuses writes, sessions are evicted."""
SILENCES: Mapping[str, tuple[str, ...]] = {
    "NotOk": ("SlotsNotServed", "MasterWithoutReplica", "ReplicationBroken"),
    "SlotsNotServed": ("MasterWithoutReplica", "ReplicationBroken"),
    "Down": ("MasterWithoutReplica", "ReplicationBroken"),
}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The rules of one cluster. `members` matches the label `job` of its targets. Without the exporter nothing is
    known: then it alone is reported, and no member."""

    name: str
    settings: ClusterSettings
    members: str

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to a cluster of this role and size."""
        memory = self._of_memory() if self.settings.persisted else ()  # a cache is full all the time
        return (*self._of_each(), *self._of_all(), *memory)

    def _of_each(self) -> Iterator[AlertRule]:
        count = self.settings.masters * (1 + self.settings.replicas)
        answering = f"(sum({self._series('redis_up')}) or vector(0))"
        yield self._rule(
            "Down",
            f"({count} - {answering} > 0) and on () (max({self._series('up')}) == 1)",
            60,
            "critical",
            f"{{{{ $value }}}} of {count} members are down",
        )
        yield self._rule(
            "ExporterDown",
            f"max({self._series('up')}) == 0 or absent({self._series('up')})",
            120,
            "warning",
            "its exporter does not answer, so a lost member would not be noticed",
        )
        yield self._rule(
            "ReplicationBroken",
            f"count({self._series('redis_master_link_up')} == 0)",
            120,
            "warning",
            "{{ $value }} replicas do not receive what their masters write",
        )

    def _of_all(self) -> Iterator[AlertRule]:
        yield self._rule(
            "NotOk",
            f"max({self._series('redis_cluster_state')}) == 0",
            30,
            "critical",
            "no member finds the cluster whole: too few masters see each other, and no replica would be promoted",
        )
        # A member that was cut off knows less than the others.
        yield self._rule(
            "SlotsNotServed",
            f"({SLOTS} - max({self._series('redis_cluster_slots_ok')}) > 0)",
            30,
            "critical",
            "{{ $value }} of 16384 slots have no master that answers: writes to their keys fail",
        )
        yield self._rule(
            "MasterWithoutReplica",
            f"count({self._series('redis_connected_slaves')} < 1 and on (job, instance) {self._masters}) > 0",
            60,
            "critical",
            "{{ $value }} masters have no replica: their loss would lose their keys",
        )
        yield self._rule(
            "MastersMissing",
            f"(count({self._masters}) > 0) < {self.settings.masters}",
            120,
            "warning",
            f"only {{{{ $value }}}} of {self.settings.masters} masters lead a part of the keys",
        )

    def _of_memory(self) -> Iterator[AlertRule]:
        used, most = self._series("redis_memory_used_bytes"), self._series("redis_memory_max_bytes")
        yield self._rule(
            "MemoryNearlyFull",
            f"max({used} / {most}) > {NEARLY_FULL}",
            300,
            "warning",
            "{{ $value | humanizePercentage }} of maxmemory is used in a shard; when it is full it "
            + ("evicts sessions" if self.settings.evicts else "refuses writes"),
        )
        if not self.settings.evicts:
            yield self._rule(
                "Evicts",
                f"max(increase({self._series('redis_evicted_keys_total')}[5m])) > 0",
                0,
                "critical",
                f"a {self.settings.role} evicts entries: its maxmemory-policy was changed by hand",
            )

    @property
    def _masters(self) -> str:
        return f'redis_instance_info{{job=~"{self.members}", role="master"}}'

    def _series(self, metric: str) -> str:
        return f'{metric}{{job=~"{self.members}"}}'

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("RedisCluster", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
