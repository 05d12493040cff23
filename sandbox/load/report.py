"""What a run found. Times of answers in milliseconds, other times in seconds since the start of the run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed request: when it was sent, how long it took, and its kind (`status 503`, `timeout`...)."""

    at_seconds: float
    took_ms: float
    kind: str
    replica: str = ""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Of the successful requests; zeros when there is none."""

    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, kw_only=True)
class HttpReport:
    """`first_failures` holds the first 50. `late_ms`: the worst delay of a start behind its schedule; a large one
    says that the driver, not the target, was slow."""

    sent: int
    ok: int
    failed: int
    failures: dict[str, int]
    latency: Latency
    replicas: dict[str, int]
    versions: dict[str, int]
    seconds: float
    late_ms: float
    first_failures: tuple[Failure, ...]

    @property
    def clean(self) -> bool:
        """Something was sent and nothing failed."""
        return self.sent > 0 and self.failed == 0


@dataclass(frozen=True, kw_only=True)
class StreamReport:
    """A stream is complete when all its tokens and the final event came. `longest_gap_ms`: between two tokens."""

    started: int
    complete: int
    broken: int
    failures: dict[str, int]
    tokens: int
    stored: int
    longest_gap_ms: float
    replicas: dict[str, int]
    seconds: float
    first_failures: tuple[Failure, ...]

    @property
    def clean(self) -> bool:
        """Something was started and nothing broke."""
        return self.started > 0 and self.broken == 0


@dataclass(frozen=True, kw_only=True)
class WriteReport:
    """`lost`: acknowledged, then not stored. `stored_unacknowledged`: the client never knew, which is allowed.
    `longest_outage_seconds`: the longest time without an acknowledgement, the start and the end of the run included."""

    writer: str
    sent: int
    acknowledged: int
    failed: int
    failures: dict[str, int]
    lost: tuple[int, ...]
    stored_unacknowledged: int
    longest_outage_seconds: float
    latency: Latency
    replicas: dict[str, int]
    seconds: float
    first_failures: tuple[Failure, ...]

    @property
    def clean(self) -> bool:
        """Something was acknowledged and none of it was lost; failed writes are not a loss."""
        return self.acknowledged > 0 and not self.lost


@dataclass(frozen=True, kw_only=True)
class CountReport:
    """`lost`: counts that were answered and are gone. `longest_outage_seconds`: as of a writer."""

    acknowledged: int
    failed: int
    failures: dict[str, int]
    lost: int
    longest_outage_seconds: float
    seconds: float


def latency(times_ms: Sequence[float]) -> Latency:
    """Nearest-rank percentiles."""
    if not times_ms:
        return Latency(p50_ms=0.0, p99_ms=0.0, max_ms=0.0)
    ordered = sorted(times_ms)

    def rank(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Latency(p50_ms=rank(0.5), p99_ms=rank(0.99), max_ms=round(ordered[-1], 1))
