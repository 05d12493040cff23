"""What wakes somebody about a replication group, and what can wait until the morning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert
from components.redis_sentinel.settings import RedisSettings

NEARLY_FULL = 0.9
"""Of `maxmemory`: a broker that is full refuses writes, a session store evicts sessions."""
SILENCES: Mapping[str, tuple[str, ...]] = {
    "NoMaster": ("ReplicationBroken", "WriteEndpointDown"),
    "NoReplica": ("WriteEndpointDown",),
    "TwoMasters": ("NoReplica", "ReplicationBroken"),
    "NoQuorum": ("SentinelDown",),
}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The rules of one group. `members` and `sentinels` match the label `job` of their targets; `writes` is that of the
    plain address's proxies, if there are any, and `proxies` how many.

    Without the exporter nothing is known: then it alone is reported, and no member.
    """

    name: str
    settings: RedisSettings
    members: str
    sentinels: str
    writes: str = ""
    proxies: int = 0

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to a group of this role and size."""
        found = [*self._of_each()]
        if self.settings.members > 1:
            found += self._of_several()
        if self.settings.role != "cache":  # a cache is full all the time
            found += self._of_memory()
        if self.writes:
            found += self._of_proxies()
        return tuple(found)

    def _of_each(self) -> Iterator[AlertRule]:
        count = self.settings.members
        yield self._rule(
            "Down", self._missing(self._one), 60, "critical", f"{{{{ $value }}}} of {count} members are down"
        )
        yield self._rule(
            "ExporterDown",
            f"max({self._up}) == 0 or absent({self._up})",
            120,
            "warning",
            "its exporter does not answer, so a lost member would not be noticed",
        )
        yield self._rule(
            "NoMaster",
            f"(count(redis_up{{{self._one}}} == 1) > 0) unless (count({self._masters}) > 0)",
            30,
            "critical",
            "members answer, and none is the master: writes fail",
        )
        yield self._rule(
            "SentinelDown",
            self._missing(self._watching),
            120,
            "warning",
            f"{{{{ $value }}}} of {count} Sentinels are down",
        )

    def _of_several(self) -> Iterator[AlertRule]:
        yield self._rule(
            "TwoMasters",
            f"count({self._masters}) > 1",
            60,
            "critical",
            "{{ $value }} members say that they are the master",
        )
        yield self._rule(
            "ReplicationBroken",
            f"count(redis_master_link_up{{{self._one}}} == 0)",
            120,
            "warning",
            "{{ $value }} replicas do not receive what the master writes",
        )
        needed = max(1, self.settings.replicas_to_write)
        yield self._rule(
            "NoReplica",
            f"min(redis_connected_slaves{{{self._one}}} and on (job, instance) {self._masters}) < {needed}",
            60,
            "critical",
            _too_few(self.settings),
        )
        yield self._rule(
            "NoQuorum",
            f"min(redis_sentinel_master_ckquorum_status{{{self._watching}}}) == 0",
            60,
            "critical",
            "too few Sentinels see each other: a lost master would not be replaced",
        )

    def _of_memory(self) -> Iterator[AlertRule]:
        yield self._rule(
            "MemoryNearlyFull",
            f"max(redis_memory_used_bytes{{{self._one}}} / redis_memory_max_bytes{{{self._one}}}) > {NEARLY_FULL}",
            300,
            "warning",
            "{{ $value | humanizePercentage }} of maxmemory is used; when it is full it "
            + ("evicts sessions" if self.settings.evicts else "refuses writes"),
        )
        if not self.settings.evicts:
            yield self._rule(
                "Evicts",
                f"max(increase(redis_evicted_keys_total{{{self._one}}}[5m])) > 0",
                0,
                "critical",
                f"a {self.settings.role} evicts entries: its maxmemory-policy was changed by hand",
            )

    def _of_proxies(self) -> Iterator[AlertRule]:
        yield self._rule(
            "WriteEndpointDown",
            f'(max(haproxy_backend_active_servers{{job="{self.writes}",proxy="primary"}}) or vector(0)) < 1',
            60,
            "critical",
            "the plain address leads to no master",
        )
        if self.proxies > 1:
            yield self._rule(
                "ProxyDown",
                f'(sum(up{{job="{self.writes}"}}) or vector(0)) < {self.proxies}',
                120,
                "warning",
                f"only {{{{ $value }}}} of {self.proxies} proxies of the plain address answer",
            )

    @property
    def _one(self) -> str:
        return f'job=~"{self.members}"'

    @property
    def _watching(self) -> str:
        return f'job=~"{self.sentinels}"'

    @property
    def _up(self) -> str:
        """One series for each server that the exporter is asked about."""
        return f'up{{job=~"{self.members}|{self.sentinels}"}}'

    @property
    def _masters(self) -> str:
        return f'redis_instance_info{{{self._one}, role="master"}}'

    def _missing(self, servers: str) -> str:
        """How many do not answer, be it that the exporter says so or gets no answer in time."""
        answering = f"(sum(redis_up{{{servers}}}) or vector(0))"
        return f"({self.settings.members} - {answering} > 0) and on () (max({self._up}) == 1)"

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Redis", self.name, suffix, expr, for_seconds, severity, said, silences=silences)


def _too_few(settings: RedisSettings) -> str:
    if settings.replicas_to_write > 1:
        return f"the master has fewer than {settings.replicas_to_write} replicas: it refuses writes"
    if settings.min_replicas.to_write is None:
        return "the master has no replica: its loss would lose data, and a broker or session store refuses writes"
    refused = ", and it refuses writes" if settings.replicas_to_write else ""
    return f"the master has no replica: its loss would lose data{refused}"
