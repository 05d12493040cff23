"""What is in flight in this process, and whether it is leaving."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Lifecycle:
    """Shared by the server, which drains, and the routes, which are drained."""

    def __init__(self) -> None:
        self._draining = asyncio.Event()
        self._in_flight = 0

    @property
    def draining(self) -> bool:
        """True from SIGTERM on."""
        return self._draining.is_set()

    @property
    def in_flight(self) -> int:
        """Requests, streams and WebSockets that are not finished."""
        return self._in_flight

    def drain(self) -> None:
        """From now on this replica asks its clients to go elsewhere."""
        self._draining.set()

    async def wait_for_drain(self) -> None:
        """Returns when the drain begins."""
        await self._draining.wait()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Counts what runs inside as in flight."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
