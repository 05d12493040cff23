"""What the workers of one application do, as metrics: from Celery's events, and from the lengths of the queues."""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from celery import Celery
from ha_celery import broker

LOST_SECONDS = 30
"""A worker says every two seconds that it lives."""
LOOK_SECONDS = 10
REMEMBERED = 10_000
"""Tasks that have begun and not ended: their names are in the first event alone."""
BOUNDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600)
"""Seconds."""
COUNTED = ("received", "succeeded", "failed", "retried", "rejected", "revoked")


class Figures:
    """What was heard. All methods may be called by several threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[str, float]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._runtimes: dict[str, list[float]] = {}
        self._waits: dict[str, float] = {}
        self._workers: dict[str, float] = {}
        self._queues: dict[str, int] = {}

    def hear(self, event: dict[str, Any]) -> None:
        """One event; those of other applications' workers are none of ours."""
        if not str(event.get("hostname", "")).startswith(f"{self._name}@"):
            return
        what, _, state = event["type"].partition("-")
        with self._lock:
            if what == "worker":
                self._hear_worker(event["hostname"], state)
            elif what == "task":
                self._hear_task(event, state)

    def look(self, queues: dict[str, int]) -> None:
        """Their lengths; empty while the broker tells none."""
        with self._lock:
            self._queues = queues

    def text(self) -> str:
        """In Prometheus' format."""
        with self._lock:
            since = time.monotonic() - LOST_SECONDS
            self._workers = {name: heard for name, heard in self._workers.items() if heard > since}
            return "".join(f"{line}\n" for line in self._lines())

    def _hear_worker(self, name: str, state: str) -> None:
        if state == "offline":
            self._workers.pop(name, None)
        else:
            self._workers[name] = time.monotonic()

    def _hear_task(self, event: dict[str, Any], state: str) -> None:
        key = event["uuid"]
        if state == "received":
            self._tasks[key] = (event["name"], event["timestamp"])
            while len(self._tasks) > REMEMBERED:
                self._tasks.pop(next(iter(self._tasks)))
        task, received = self._tasks.get(key, ("unknown", event["timestamp"]))
        if state == "started":
            self._waits[task] = max(0.0, event["timestamp"] - received)
        if state in COUNTED:
            self._counts[task, state] += 1
        if state == "succeeded":
            buckets = self._runtimes.setdefault(task, [0.0] * (len(BOUNDS) + 2))
            seconds = float(event["runtime"])
            for index, bound in enumerate(BOUNDS):
                buckets[index] += seconds <= bound
            buckets[-2] += 1
            buckets[-1] += seconds
        if state in COUNTED[1:]:
            self._tasks.pop(key, None)

    def _lines(self) -> Any:
        yield "# TYPE ha_celery_workers gauge"
        yield f"ha_celery_workers {len(self._workers)}"
        yield "# TYPE ha_celery_queue_messages gauge"
        for queue, count in sorted(self._queues.items()):
            yield f'ha_celery_queue_messages{{queue="{queue}"}} {count}'
        yield "# TYPE ha_celery_tasks_total counter"
        for (task, state), count in sorted(self._counts.items()):
            yield f'ha_celery_tasks_total{{task="{_label(task)}",state="{state}"}} {count}'
        yield "# TYPE ha_celery_task_wait_seconds gauge"
        for task, seconds in sorted(self._waits.items()):
            yield f'ha_celery_task_wait_seconds{{task="{_label(task)}"}} {seconds:.3f}'
        name = "ha_celery_task_runtime_seconds"
        yield f"# TYPE {name} histogram"
        for task, buckets in sorted(self._runtimes.items()):
            for index, bound in enumerate((*BOUNDS, "+Inf")):
                yield f'{name}_bucket{{task="{_label(task)}",le="{bound}"}} {buckets[index]:.0f}'
            yield f'{name}_count{{task="{_label(task)}"}} {buckets[-2]:.0f}'
            yield f'{name}_sum{{task="{_label(task)}"}} {buckets[-1]:.3f}'


def main(told: dict[str, Any]) -> int:
    """Until it is stopped."""
    app, figures = Celery("exporter"), Figures(told["name"])
    app.conf.update(broker.settings(told))
    for work in (lambda: _listen(app, figures), lambda: _measure(app, figures, told["queues"])):
        threading.Thread(target=_for_ever, args=(work,), daemon=True).start()
    ThreadingHTTPServer(("", told["metrics_port"]), _handler(figures)).serve_forever()
    return 0


def _listen(app: Celery, figures: Figures) -> None:
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": figures.hear})
        receiver.capture(limit=None, timeout=None, wakeup=True)


def _measure(app: Celery, figures: Figures, queues: list[str]) -> None:
    try:
        with app.connection_for_read() as connection:
            while True:
                figures.look({queue: _length(connection, queue) for queue in queues})
                time.sleep(LOOK_SECONDS)
    finally:
        figures.look({})


def _length(connection: Any, queue: str) -> int:
    """Messages that wait; a queue that nobody has made yet has none."""
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except connection.channel_errors:
            return 0


def _for_ever(work: Any) -> None:
    while True:
        try:
            work()
        except Exception as error:
            print(f"the broker is not reached: {type(error).__name__}", flush=True)
        time.sleep(LOOK_SECONDS)


def _handler(figures: Figures) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = {"/metrics": figures.text(), "/health": "ok\n"}.get(self.path, "")
            body = text.encode()
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: it is asked all the time."""

    return Handler


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
