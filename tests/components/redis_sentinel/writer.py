"""A client that writes on, whatever happens to the group."""

import threading
import time
from collections.abc import Callable

import redis
from redis.sentinel import MasterNotFoundError, Sentinel

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group


class Writer:
    """Pushes numbers every 10 ms through the Sentinels, as an application does, and keeps the acknowledged ones."""

    def __init__(self, group: Group, login: tuple[str, str] | None = None) -> None:
        password = group.passwords["sentinel"]
        user, secret = login or (group.users["redis"], group.passwords["redis"])
        tls = {"ssl": True, "ssl_ca_certs": str(group.ca), "ssl_check_hostname": True} if group.ca else {}
        self._sentinels = Sentinel(  # type: ignore[no-untyped-call]
            [(group.host("sentinel", ordinal), PORTS["sentinel"]) for ordinal in range(COUNT)],
            sentinel_kwargs={"password": password, "socket_timeout": 2, **tls},
            username=user,
            password=secret,
            socket_timeout=2,
            **tls,
        )
        self._stop = threading.Event()
        self.acknowledged: list[int] = []
        self.times: dict[int, float] = {}
        """When each of them was acknowledged."""
        self.longest = 0.0
        self.failed = 0

    def during(self, fault: Callable[[], None]) -> None:
        """Writes before, during and after the fault."""
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            self._go_on(50)
            fault()
            self._go_on(50)
        finally:
            self._stop.set()
            thread.join(60)

    def _go_on(self, writes: int) -> None:
        enough = len(self.acknowledged) + writes
        wait_for("writes are acknowledged", lambda: len(self.acknowledged) >= enough, seconds=300)

    def _write(self) -> None:
        client = self._sentinels.master_for("main")  # type: ignore[no-untyped-call]
        try:
            self._push(client)
        finally:
            client.connection_pool.disconnect()  # not only when the collector comes to it

    def _push(self, client: "redis.Redis") -> None:
        value, last = 0, time.monotonic()
        while not self._stop.is_set():
            value += 1
            try:
                client.rpush("written", value)
            except (redis.RedisError, MasterNotFoundError):
                self.failed += 1
                time.sleep(0.01)
                continue
            self.longest = max(self.longest, time.monotonic() - last)
            self.times[value] = last = time.monotonic()
            self.acknowledged.append(value)
            time.sleep(0.01)


def written(group: Group, member: int | None = None, login: tuple[str, str] | None = None) -> set[int]:
    """What a member has of the numbers; default: the master."""
    where = group.master() if member is None else member
    return {int(value) for value in group.ask("redis", where, "lrange", "written", "0", "-1", login=login).split()}
