"""Around every request: who answered, how long it took, and that it is in flight."""

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .lifecycle import Lifecycle
from .metrics import Metrics


class Observed:
    """Plain ASGI, because a stream passes through it token by token."""

    def __init__(self, app: ASGIApp, *, replica: str, version: str, lifecycle: Lifecycle, metrics: Metrics) -> None:
        self._app = app
        self._identity = {"x-replica": replica, "x-version": version}
        self._lifecycle = lifecycle
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        code = "499" if scope["type"] == "http" else "101"

        async def observe(message: Message) -> None:
            nonlocal code
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = MutableHeaders(scope=message)
                headers.update(self._identity)
                if message["type"] == "http.response.start":
                    code = str(message["status"])
                    if self._lifecycle.draining:
                        headers["connection"] = "close"
            await send(message)

        with self._lifecycle.request():
            try:
                await self._app(scope, receive, observe)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                self._metrics.requests.labels(route, scope.get("method", "WEBSOCKET"), code).inc()
                self._metrics.duration.labels(route).observe(time.perf_counter() - started)
