"""What the servers themselves say that somebody has to know, beside what Patroni and the proxies say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert
from components.postgres_ha.settings import PostgresSettings

NEARLY_USED = 0.85
"""Of the connections that clients may have."""
OLD_SECONDS = 3600
"""A dump of a large database may take longer; what it holds up meanwhile is the same."""
UNFROZEN = 1_000_000_000
"""PostgreSQL freezes rows at 200 million by itself, drops all other care at 1.6 and refuses writes at 2.1 billion."""
HELD = 0.5
"""Of `max_slot_wal_keep_size`."""
UNREAD_SECONDS = 3600
"""Patroni keeps the slot of a member that is away for 30 minutes."""
DELAY_SECONDS = 60
FILLS, NEARLY_FULL = 0.8, 0.92
"""Of the volume. PostgreSQL stops when it is full."""
SILENCES: Mapping[str, tuple[str, ...]] = {"VolumeNearlyFull": ("VolumeFills",)}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class ServerAlerts:
    """The rules of one cluster. `servers` matches the label `job` of the exporter's targets, `patroni` is that of
    Patroni's.

    Without the exporter nothing is known here: then it alone is reported, and no server.
    """

    name: str
    settings: PostgresSettings
    servers: str
    patroni: str

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to servers of this cluster."""
        found = [*self._of_clients(), *self._of_the_volume(), self._of_the_exporter()]
        if self.settings.members > 1:
            found.append(
                self._rule(
                    "ReplicationDelayed",
                    f"max by (job) (pg_replication_lag_seconds{{{self._one}}}) > {DELAY_SECONDS}",
                    300,
                    "warning",
                    "{{ $labels.job }} answers reads with what was written {{ $value | humanizeDuration }} ago",
                )
            )
        return tuple(found)

    @property
    def used(self) -> str:
        """Of each server's volume, as the stack file has it. Files of the log, and tables with their indexes: what
        queries put aside is missing. A volume's own free room is told by no exporter of the stack on both platforms."""
        databases = f"sum by (job) (pg_database_size_bytes{{{self._one}}})"
        return f"({databases} + sum by (job) (pg_wal_size_bytes{{{self._one}}})) / {self.settings.volume}"

    def _of_clients(self) -> Iterator[AlertRule]:
        yield self._rule(
            "ConnectionsNearlyUsed",
            f"max by (job) (ha_connections_used{{{self._one}}} / ha_connections_most{{{self._one}}}) > {NEARLY_USED}",
            120,
            "warning",
            "{{ $labels.job }} has {{ $value | humanizePercentage }} of its connections in use",
        )
        yield self._rule(
            "TransactionOld",
            f"max by (job) (ha_transactions_oldest_seconds{{{self._one}}}) > {OLD_SECONDS}",
            60,
            "warning",
            "on {{ $labels.job }} a transaction has been open for {{ $value | humanizeDuration }}: no dead row of that "
            "time is removed",
        )
        yield self._rule(
            "WraparoundNear",
            f"max by (job) (ha_transactions_unfrozen{{{self._one}}}) > {UNFROZEN}",
            300,
            "critical",
            "{{ $labels.job }} has {{ $value | humanize }} transaction numbers in use of 2.1 billion: something keeps "
            "VACUUM from freezing rows",
        )

    def _of_the_volume(self) -> Iterator[AlertRule]:
        held = f"ha_slots_held_bytes{{{self._one}}} / ha_slots_most_bytes{{{self._one}}}"
        yield self._rule(
            "SlotHoldsWal",
            f"max by (job, slot_name) ({held}) > {HELD}",
            60,
            "warning",
            "slot {{ $labels.slot_name }} on {{ $labels.job }} holds {{ $value | humanizePercentage }} of "
            "max_slot_wal_keep_size; then its reader has to begin again",
        )
        yield self._rule(
            "SlotUnread",
            f"max by (job, slot_name) (ha_slots_unread{{{self._one}}}) > 0",
            UNREAD_SECONDS,
            "warning",
            "nobody has read slot {{ $labels.slot_name }} on {{ $labels.job }} for an hour: its log grows",
        )
        yield self._rule(
            "ChecksumFailed",
            f"max by (job) (ha_checksums_failures{{{self._one}}}) > 0",
            0,
            "critical",
            "{{ $labels.job }} read {{ $value }} blocks whose checksum is wrong: its disk changed data",
        )
        steps: tuple[tuple[str, float, Severity], ...] = (
            ("VolumeFills", FILLS, "warning"),
            ("VolumeNearlyFull", NEARLY_FULL, "critical"),
        )
        for suffix, most, severity in steps:
            yield self._rule(
                suffix,
                f"{self.used} > {most}",
                300,
                severity,
                "{{ $labels.job }} uses {{ $value | humanizePercentage }} of its volume",
            )

    def _of_the_exporter(self) -> AlertRule:
        up = f"up{{{self._one}}}"
        shut_out = f'(max(pg_up{{{self._one}}}) == 0) and on () (sum(patroni_primary{{job="{self.patroni}"}}) > 0)'
        return self._rule(
            "ExporterDown",
            f"(max({up}) == 0) or absent({up}) or ({shut_out})",
            120,
            "warning",
            "its exporter does not answer, or no server lets it in: what the servers say is not noticed",
        )

    @property
    def _one(self) -> str:
        return f'job=~"{self.servers}"'

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Postgres", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
