"""What wakes somebody about a database, and what can wait until the morning: of Patroni's and HAProxy's metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert
from components.postgres_ha.settings import PostgresSettings

LAG_BYTES = 16 * 2**20
"""Much more than a replica has while it streams; from 1 MiB on it is not promoted when the primary's host is lost."""
STORE_SECONDS = 60
"""Patroni asks its store every `loop_wait`, 10 s unless said."""
SILENCES: Mapping[str, tuple[str, ...]] = {
    "NoPrimary": ("WriteEndpointDown", "PoolerWaits"),
    "WriteEndpointDown": ("PoolerWaits",),
    "ReplicationBroken": ("ReplicationLags", "ReplicationDelayed"),
}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The rules of one cluster beside that of lost members. `members`, `writes` and `reads` are its targets' jobs."""

    name: str
    settings: PostgresSettings
    members: str
    writes: str
    reads: str
    proxies: int

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to a cluster of this size."""
        found = [*self._of_each()]
        if self.settings.members > 1:
            found += self._of_several()
        if self.settings.reads is not None:
            found.append(
                self._rule(
                    "ReadEndpointDown",
                    f'(sum(haproxy_backend_active_servers{{job="{self.reads}"}}) or vector(0)) < 1',
                    60,
                    "critical",
                    "the read endpoint leads to no server",
                )
            )
        return tuple(found)

    def _of_each(self) -> Iterator[AlertRule]:
        yield self._rule(
            "NoPrimary",
            f"(count(patroni_primary{{{self._one}}}) > 0) unless (sum(patroni_primary{{{self._one}}}) > 0)",
            60,
            "critical",
            "members answer, and none is the primary: writes fail",
        )
        yield self._rule(
            "WriteEndpointDown",
            f'(max(haproxy_backend_active_servers{{job="{self.writes}",proxy="primary"}}) or vector(0)) < 1',
            60,
            "critical",
            "the write endpoint leads to no primary",
        )
        yield self._rule(
            "StoreLost",
            f"(time() - max(patroni_dcs_last_seen{{{self._one}}}) > {STORE_SECONDS}) "
            f"or (max(patroni_failsafe_mode_is_active{{{self._one}}}) > 0)",
            60,
            "critical",
            "no member reaches the consensus store: no primary can be elected, and the next fault stops writes",
        )
        yield self._rule(
            "Paused",
            f"max(patroni_is_paused{{{self._one}}}) > 0",
            3600,
            "warning",
            "the cluster has been paused for an hour: a lost primary would not be replaced",
        )

    def _of_several(self) -> Iterator[AlertRule]:
        replicas = f"(patroni_replica{{{self._one}}} == 1)"
        yield self._rule(
            "PrimaryChanged",
            f"(max(patroni_postgres_timeline{{{self._one}}}) "
            f"- max(patroni_postgres_timeline{{{self._one}}} offset 10m)) > 0",
            0,
            "warning",
            "another member became the primary in the last ten minutes",
        )
        yield self._rule(
            "ReplicationBroken",
            f"count({replicas} unless on (instance) (patroni_postgres_streaming{{{self._one}}} == 1)) > 0",
            300,
            "warning",
            "{{ $value }} replicas do not receive what the primary writes",
        )
        yield self._rule(
            "ReplicationLags",
            f"(max(patroni_xlog_location{{{self._one}}}) "
            f"- min(patroni_xlog_replayed_location{{{self._one}}} and on (instance) {replicas})) > {LAG_BYTES}",
            300,
            "warning",
            "a replica is {{ $value | humanize1024 }}B behind: it would not take over",
        )
        yield self._rule(
            "ProxyDown",
            f'(sum(up{{job="{self.writes}"}}) or vector(0)) < {self.proxies}',
            120,
            "warning",
            f"only {{{{ $value }}}} of {self.proxies} proxies of the write endpoint answer",
        )

    @property
    def _one(self) -> str:
        return f'job="{self.members}"'

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Postgres", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
