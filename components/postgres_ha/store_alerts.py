"""What the consensus store says itself: of etcd's own metrics.

The limits of its disk and its size are those of etcd's own rules (contrib/mixin), where it has some.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.observability import AlertRule, Severity, alert

SYNC_SECONDS, COMMIT_SECONDS = 0.5, 0.25
"""The slowest write of a hundred to the log, and of the data. From there on elections begin without a lost member."""
FILLS = 0.8
"""Of the quota, 2 GiB: then it takes no more writes, and no primary keeps its lock."""
SILENCES: Mapping[str, tuple[str, ...]] = {
    "StoreNoLeader": ("StoreLost", "StoreMemberLost", "StoreQuorumAtRisk"),
    "StoreQuorumAtRisk": ("StoreMemberLost",),
}
"""Rules that tell nobody while the first one fires, for they follow from it."""


@dataclass(frozen=True, kw_only=True)
class StoreAlerts:
    """The rules of one store of `members`. `store` is the job of their targets."""

    name: str
    members: int
    store: str

    def rules(self) -> tuple[AlertRule, ...]:
        """What can happen to a store of this size. That nobody reaches it is told by Patroni."""
        return (*self._of_each(), *(self._of_several() if self.members > 1 else ()))

    def _of_each(self) -> Iterator[AlertRule]:
        yield self._rule(
            "StoreNoLeader",
            f"max(etcd_server_has_leader{{{self._one}}}) < 1",
            60,
            "critical",
            "the store's members answer and have no leader: no primary can be elected, and the next fault stops writes",
        )
        sync, commit = "etcd_disk_wal_fsync_duration_seconds_bucket", "etcd_disk_backend_commit_duration_seconds_bucket"
        yield self._rule(
            "StoreSlow",
            f"({self._slowest(sync)} > {SYNC_SECONDS}) or ({self._slowest(commit)} > {COMMIT_SECONDS})",
            600,
            "warning",
            "a disk of the store takes {{ $value | humanizeDuration }} for a write: its members lose their leader",
        )
        yield self._rule(
            "StoreFills",
            f"max(etcd_mvcc_db_total_size_in_bytes{{{self._one}}} / etcd_server_quota_backend_bytes{{{self._one}}}) "
            f"> {FILLS}",
            600,
            "warning",
            "the store uses {{ $value | humanizePercentage }} of its quota; when it is full no primary keeps its lock",
        )

    def _of_several(self) -> Iterator[AlertRule]:
        following, majority = f"sum(etcd_server_has_leader{{{self._one}}})", self.members // 2 + 1
        yield self._rule(
            "StoreMemberLost",
            f"({following} or vector(0)) < {self.members}",
            120,
            "warning",
            f"only {{{{ $value }}}} of {self.members} members of the store answer and have a leader",
        )
        # None at all is not this: then it is monitoring that reaches nobody, or Patroni tells of a lost store.
        yield self._rule(
            "StoreQuorumAtRisk",
            f"{following} <= {majority}",
            300,
            "critical",
            f"{{{{ $value }}}} of {self.members} members of the store are left, and {majority} must be: one more lost "
            "stops elections",
        )

    def _slowest(self, histogram: str) -> str:
        return f"max(histogram_quantile(0.99, sum by (le, instance) (rate({histogram}{{{self._one}}}[5m]))))"

    @property
    def _one(self) -> str:
        return f'job="{self.store}"'

    def _rule(self, suffix: str, expr: str, for_seconds: int, severity: Severity, said: str) -> AlertRule:
        silences = SILENCES.get(suffix, ())
        return alert("Postgres", self.name, suffix, expr, for_seconds, severity, said, silences=silences)
