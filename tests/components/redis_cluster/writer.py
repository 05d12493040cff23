"""A client that writes on into all shards, whatever happens to the cluster."""

import threading
import time
from collections.abc import Callable

import redis
from redis.exceptions import RedisClusterException

from drills.waiting import wait_for
from tests.components.redis_cluster.cluster_members import Cluster


class Writer:
    """Sets a key of its own every few milliseconds, as an application does, and keeps the acknowledged ones."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stop = threading.Event()
        self.acknowledged: list[int] = []
        self.longest = 0.0
        self.errors: dict[str, int] = {}

    def during(self, fault: Callable[[], None]) -> None:
        """Writes before, during and after the fault."""
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            self._go_on(100)
            fault()
            self._go_on(200)
        finally:
            self._stop.set()
            thread.join(60)

    def _go_on(self, writes: int) -> None:
        enough = len(self.acknowledged) + writes
        wait_for("writes are acknowledged", lambda: len(self.acknowledged) >= enough, seconds=300)

    def _write(self) -> None:
        client, value, last = self._cluster.client(), 0, time.monotonic()
        while not self._stop.is_set():
            value += 1
            try:
                client.set(f"written:{value}", value)
            except (redis.RedisError, RedisClusterException) as error:
                name = type(error).__name__
                self.errors[name] = self.errors.get(name, 0) + 1
                value -= 1  # until it is acknowledged, for the shard of this key
                time.sleep(0.01)
                continue
            self.longest = max(self.longest, time.monotonic() - last)
            last = time.monotonic()
            self.acknowledged.append(value)
            time.sleep(0.005)

    def lost(self) -> list[int]:
        """Acknowledged keys that are not there."""
        client = self._cluster.client()
        return [value for value in self.acknowledged if client.get(f"written:{value}") is None]
