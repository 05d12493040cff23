"""What Prometheus scrapes from a replica."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from .database import Database
from .lifecycle import Lifecycle
from .sessions import Sessions

disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One registry per application, so that two of them live in one test process."""

    def __init__(self, lifecycle: Lifecycle, database: Database | None, sessions: Sessions | None) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = Counter(
            "http_requests",
            "Requests by route, method and status.",
            ("route", "method", "code"),
            registry=self._registry,
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Time to the last byte by route.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.streams = Gauge("app_streams_in_flight", "Answers that are being streamed.", registry=self._registry)
        self.writes = Counter("app_writes_acknowledged", "Writes answered after their commit.", registry=self._registry)
        self._gauge("app_requests_in_flight", "Requests, streams and WebSockets.", lambda: lifecycle.in_flight)
        self._gauge("app_draining", "1 after SIGTERM.", lambda: lifecycle.draining)
        if database is not None:
            self._gauge("database_connection_pool_size", "Open connections to Postgres.", lambda: database.pool_size)
            self._gauge("app_database_pool_idle", "Unused connections to Postgres.", lambda: database.pool_idle)
        if sessions is not None:
            self._gauge("cache_hit_ratio", "Part of the sessions asked for that Redis had.", lambda: sessions.hit_ratio)

    def render(self) -> bytes:
        """The text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(read)
