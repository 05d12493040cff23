"""`python3 -m app.webhook`: keeps what Alertmanager sends, so that a test sees its alerts arrive."""

import sys
from collections import deque
from typing import Any

from fastapi import FastAPI

from .lifecycle import Lifecycle
from .log import log
from .server import DrainingServer
from .settings import SettingsError, read_port

_KEPT = 100


def create_webhook() -> FastAPI:
    """The last 100 payloads, in memory."""
    app = FastAPI(title="webhook")
    payloads: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/alerts")
    async def receive(payload: dict[str, Any]) -> dict[str, int]:
        payloads.append(payload)
        for alert in payload.get("alerts", []):
            log("alert", status=alert.get("status"), labels=alert.get("labels"))
        return {"kept": len(payloads)}

    @app.get("/alerts")
    async def kept() -> list[dict[str, Any]]:
        return list(payloads)

    return app


def main() -> None:
    """Serves on PORT until SIGTERM."""
    try:
        port = read_port()
    except SettingsError as error:
        sys.exit(str(error))
    DrainingServer(create_webhook(), port=port, lifecycle=Lifecycle(), drain_seconds=0, grace_seconds=1).run()


if __name__ == "__main__":
    main()
