"""Counts while a run goes on."""

import time
from collections import Counter

from sandbox.load.report import Failure, Latency, latency

_KEPT_FAILURES = 50


class Tally:
    """Starts its clock when made."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._times_ms: list[float] = []
        self._failures: list[Failure] = []
        self._kinds: Counter[str] = Counter()
        self._replicas: Counter[str] = Counter()

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def succeed(self, sent_at: float, replica: str) -> None:
        """One request sent at `sent_at` ended well just now."""
        self._times_ms.append((self.now() - sent_at) * 1000)
        self._replicas[replica] += 1

    def fail(self, sent_at: float, kind: str, replica: str = "") -> None:
        """One request sent at `sent_at` failed just now."""
        self._kinds[kind] += 1
        if len(self._failures) < _KEPT_FAILURES:
            took = (self.now() - sent_at) * 1000
            failure = Failure(at_seconds=round(sent_at, 3), took_ms=round(took, 1), kind=kind, replica=replica)
            self._failures.append(failure)

    @property
    def ok(self) -> int:
        """Requests that ended well."""
        return len(self._times_ms)

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return self._kinds.total()

    @property
    def failures(self) -> dict[str, int]:
        """Failed requests by kind, most frequent first."""
        return dict(self._kinds.most_common())

    @property
    def first_failures(self) -> tuple[Failure, ...]:
        """The first 50."""
        return tuple(self._failures)

    @property
    def replicas(self) -> dict[str, int]:
        """Successful requests by the replica that answered."""
        return dict(sorted(self._replicas.items()))

    @property
    def latency(self) -> Latency:
        """Of the successful requests."""
        return latency(self._times_ms)
