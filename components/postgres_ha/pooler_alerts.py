"""What PgBouncer says of itself, and who is told: of the figures of `files/pooler_metrics.py`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert

WAIT_SECONDS = 1
"""The longest wait of a client for a connection of the primary. Where there is room it is a few milliseconds."""
POOL_USED, CLIENTS_USED = 0.9, 0.8
"""Of `pool_size` lent for minutes, and of `max_connections`: what comes next waits, or is refused."""
SILENCES: Mapping[str, tuple[str, ...]] = {
    "PoolerDown": ("PoolerReplicaDown",),
    "PoolerPaused": ("PoolerWaits",),
    "PoolerWaits": ("PoolNearlyUsed",),
}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class PoolerAlerts:
    """The rules of one pooler of so many `replicas`. `job` is that of its exporter."""

    name: str
    replicas: int
    job: str

    def rules(self) -> tuple[AlertRule, ...]:
        """Of its exporter, too: while that is away nobody knows how the pooler is, and no other rule fires."""
        return (*self._of_replicas(), *self._of_clients(), self._of_the_exporter())

    def _of_replicas(self) -> Iterator[AlertRule]:
        answering = f"max(ha_pooler_replicas{{{self._one}}})"
        yield self._rule(
            "PoolerDown", f"{answering} < 1", 60, "critical", "no replica of the pooler answers: its clients fail"
        )
        if self.replicas > 1:
            yield self._rule(
                "PoolerReplicaDown",
                f"{answering} < {self.replicas}",
                300,
                "warning",
                f"only {{{{ $value }}}} of {self.replicas} replicas of the pooler answer",
            )
        yield self._rule(
            "PoolerPaused",
            f"max by (replica) (ha_pooler_paused{{{self._one}}}) > 0",
            120,
            "critical",
            "the pooler's replica {{ $labels.replica }} is paused: its clients wait, and nobody lets them go on",
        )

    def _of_clients(self) -> Iterator[AlertRule]:
        yield self._rule(
            "PoolerWaits",
            f"max by (database) (ha_pooler_longest_wait_seconds{{{self._one}}}) > {WAIT_SECONDS}",
            120,
            "warning",
            "clients of {{ $labels.database }} wait {{ $value | humanizeDuration }} for a connection of the primary",
        )
        lent = f"sum by (replica, database) (ha_pooler_servers_active{{{self._one}}})"
        most = f"max by (replica, database) (ha_pooler_servers_most{{{self._one}}})"
        yield self._rule(
            "PoolNearlyUsed",
            f"max by (database) ({lent} / {most}) > {POOL_USED}",
            300,
            "warning",
            "a replica of the pooler has lent {{ $value | humanizePercentage }} of its connections to "
            "{{ $labels.database }}",
        )
        yield self._rule(
            "PoolerClientsNearlyUsed",
            f"max(ha_pooler_clients{{{self._one}}} / ha_pooler_clients_most{{{self._one}}}) > {CLIENTS_USED}",
            120,
            "warning",
            "a replica of the pooler has {{ $value | humanizePercentage }} of the clients that it takes",
        )

    def _of_the_exporter(self) -> AlertRule:
        up = f"up{{{self._one}}}"
        return self._rule(
            "PoolerExporterDown",
            f"(max({up}) == 0) or absent({up})",
            120,
            "warning",
            "the pooler's exporter does not answer: what becomes of the pooler is not noticed",
        )

    @property
    def _one(self) -> str:
        return f'job="{self.job}"'

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Postgres", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
