"""uvicorn with a drain that proxies can follow: leave the rotation, finish what is in flight, exit with 0."""

import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from .lifecycle import Lifecycle
from .log import log


class DrainingServer(uvicorn.Server):
    """On SIGTERM (or SIGINT) it

    1. reports not ready and still accepts, for `drain_seconds`: proxies notice before connections are refused;
    2. stops listening, and waits up to `grace_seconds` for requests and streams in flight;
    3. exits with 0, and logs how many it had to cut.
    """

    def __init__(
        self, app: ASGIApp, *, port: int, lifecycle: Lifecycle, drain_seconds: float, grace_seconds: float
    ) -> None:
        super().__init__(_config(app, port))
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds
        self._signalled_at: float | None = None
        self._listening = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Only notes the time: uvicorn's own handler would close WebSockets at once and exit by the signal."""
        if self._signalled_at is None:
            self._signalled_at = time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn every 0.1 s; True ends the process."""
        if await super().on_tick(counter):
            return True
        if self._signalled_at is None:
            return False
        if not self._lifecycle.draining:
            self._lifecycle.drain()
            log("draining", in_flight=self._lifecycle.in_flight)
        drained = time.monotonic() - self._signalled_at - self._drain_seconds
        if drained < 0:
            return False
        if self._listening:
            self._listening = False
            for server in self.servers:
                server.close()
        finished = self._lifecycle.in_flight == 0
        if finished or drained >= self._grace_seconds:
            log("stopped", cut=self._lifecycle.in_flight)
            return True
        return False


def _config(app: ASGIApp, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host="0.0.0.0",
        port=port,
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        access_log=False,
        log_level="warning",
        # Longer than proxies keep idle connections: the side that reuses a connection must be the side that closes it.
        timeout_keep_alive=75,
        # The grace time was already given above; this only closes what is left.
        timeout_graceful_shutdown=1,
    )
