"""Celery's settings of its broker, from the variables of the preset `celery`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def value(variable: str) -> str | None:
    """The variable itself, or the content of the file that it names."""
    if variable in os.environ:
        return os.environ[variable]
    path = os.environ.get(f"{variable}_FILE")
    return Path(path).read_text() if path else None


def settings(told: dict[str, Any]) -> dict[str, Any]:
    """By name. The addresses for reading and for writing are one."""
    prefix = told["prefix"]
    url = value(f"{prefix}_URL")
    found: dict[str, Any] = dict.fromkeys(("broker_url", "broker_read_url", "broker_write_url"), url)
    options = json.loads(value(f"{prefix}_TRANSPORT_OPTIONS") or "{}")
    if told["transport"] == "redis":
        # A connection that a host took with it ends, and a message that nobody acknowledged comes again.
        options |= {"socket_keepalive": True, "visibility_timeout": told["visibility_timeout"]}
    else:
        options |= {"confirm_publish": True}
    found["broker_transport_options"] = options
    use_ssl, heartbeat = value(f"{prefix}_USE_SSL"), value(f"{prefix}_HEARTBEAT")
    if use_ssl:
        found["broker_use_ssl"] = json.loads(use_ssl)
    if heartbeat:
        found["broker_heartbeat"] = int(heartbeat)
    return found | {"broker_connection_retry_on_startup": True, "broker_connection_max_retries": None}
