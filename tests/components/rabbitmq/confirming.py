"""A publisher that counts what was confirmed, and a consumer that counts what came."""

import threading
import time

import pika.exceptions

from drills.waiting import wait_for
from tests.components.rabbitmq.cluster import APP, COUNT, PASSWORD, Cluster


class Traffic:
    """Numbers into the queue `tasks`, and out of it, with whichever node answers."""

    def __init__(
        self, cluster: Cluster, nodes: tuple[int, ...] = tuple(range(COUNT)), user: str = APP, password: str = PASSWORD
    ) -> None:
        self._cluster, self._nodes, self._login = cluster, nodes, (user, password)
        self._stop, self._published = threading.Event(), threading.Event()
        self.confirmed: list[int] = []
        self.consumed: set[int] = set()
        self.failed = 0
        """Connections that ended."""
        self.longest = 0.0
        """Seconds without a confirmed message, at most."""
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._publish, self._consume)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def goes_on(self) -> None:
        """Returns when more is confirmed."""
        wanted = len(self.confirmed) + 50
        wait_for("more messages are confirmed", lambda: len(self.confirmed) > wanted, seconds=300)

    def end(self) -> None:
        """No more is published; returns when the consumer has had what is confirmed, or after a while."""
        if self._stop.is_set():
            return
        self._stop.set()
        for thread in self._threads:
            thread.join(180)

    @property
    def lost(self) -> set[int]:
        """Confirmed, and never seen by the consumer."""
        return set(self.confirmed) - self.consumed

    def _each(self, turn: int) -> int:
        return self._nodes[turn % len(self._nodes)]

    def _publish(self) -> None:
        value, last, turn = 0, time.monotonic(), 0
        while not self._stop.is_set():
            turn += 1
            try:
                connection = self._cluster.connect(self._each(turn), *self._login)
                channel = connection.channel()
                channel.confirm_delivery()
                while not self._stop.is_set():
                    value += 1
                    kept = pika.BasicProperties(delivery_mode=2)
                    channel.basic_publish("", "tasks", str(value).encode(), kept, mandatory=True)
                    self.longest = max(self.longest, time.monotonic() - last)
                    last = time.monotonic()
                    self.confirmed.append(value)
                    connection.sleep(0.005)
                connection.close()
            except (pika.exceptions.AMQPError, OSError):
                self.failed += 1
                time.sleep(0.05)
        self._published.set()

    def _consume(self) -> None:
        turn, until = 1, float("inf")
        while time.monotonic() < until:
            turn += 1
            try:
                connection = self._cluster.connect(self._each(turn), *self._login)
                channel = connection.channel()
                channel.basic_qos(prefetch_count=50)
                for method, _, body in channel.consume("tasks", inactivity_timeout=0.5):
                    if method is not None:
                        self.consumed.add(int(body))
                        channel.basic_ack(method.delivery_tag)
                    if self._published.is_set():
                        until = min(until, time.monotonic() + 120)
                        if not self.lost or time.monotonic() > until:
                            connection.close()  # else it keeps what it was sent until heartbeats are missed
                            return
            except (pika.exceptions.AMQPError, OSError):
                time.sleep(0.05)
