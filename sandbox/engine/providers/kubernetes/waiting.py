"""Waiting until an object is ready, or gone."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from sandbox.engine.providers.base import ProviderError, timeout
from sandbox.engine.providers.kubernetes import pods
from sandbox.engine.providers.kubernetes.checking import annotation
from sandbox.engine.providers.kubernetes.client import ApiError, Client
from sandbox.engine.providers.kubernetes.kinds import Kind
from sandbox.engine.providers.kubernetes.ready import READY, Failed
from sandbox.engine.values import Properties

SKIP_AWAIT = "pulumi.com/skipAwait"
_TIMEOUT = "pulumi.com/timeoutSeconds"
# pulumi-kubernetes waits ten minutes for workloads and services, five for a claim.
_READY_SECONDS = 600.0
_CLAIM_SECONDS = 300.0
_GONE_SECONDS = 600.0
_POLL_SECONDS = 0.3
_SLOWEST_POLL_SECONDS = 2.0
_NOT_FOUND = 404


def until_ready(client: Client, kind: Kind, path: str, inputs: Properties, live: Properties) -> Properties:
    """The object once it is ready. Raises ProviderError with the cluster's reason when it fails or takes too long."""
    check = READY.get(kind.type)
    if check is None or annotation(inputs, SKIP_AWAIT) == "true":
        return live
    seconds = _limit(inputs, _CLAIM_SECONDS if kind.kind == "PersistentVolumeClaim" else _READY_SECONDS)
    what = f"{kind.kind} {live['metadata']['name']}"
    end, pause = time.monotonic() + seconds, _POLL_SECONDS
    while True:
        try:
            missing = check(client, live)
        except Failed as error:
            raise ProviderError(f"{what}: {error}") from error
        if missing is None:
            return live
        if time.monotonic() > end:
            why = _pod_reason(client, live)
            raise ProviderError(f"{what}: {missing} after {seconds:g} s{why}")
        time.sleep(pause)
        pause = min(pause * 1.2, _SLOWEST_POLL_SECONDS)
        live = client.get(path)


def until_gone(client: Client, kind: Kind, path: str, inputs: Properties, uid: str) -> None:
    """Waits until the object with `uid` is gone. Raises ProviderError naming what holds it."""
    seconds = _limit(inputs, _GONE_SECONDS)
    end, pause = time.monotonic() + seconds, _POLL_SECONDS
    while True:
        try:
            left = client.get(path)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return
            raise
        if left["metadata"].get("uid") != uid:
            return
        if time.monotonic() > end:
            held = ", ".join(left["metadata"].get("finalizers") or []) or "nothing that it names"
            raise ProviderError(
                f"{kind.kind} {left['metadata']['name']}: still there {seconds:g} s after its deletion, held by {held}"
            )
        time.sleep(pause)
        pause = min(pause * 1.2, _SLOWEST_POLL_SECONDS)


def _limit(inputs: Properties, default: float) -> float:
    with contextlib.suppress(ValueError):
        return timeout(float(annotation(inputs, _TIMEOUT) or default))
    return timeout(default)


def _pod_reason(client: Client, live: dict[str, Any]) -> str:
    if "selector" not in live.get("spec", {}) or "matchLabels" not in (live["spec"]["selector"] or {}):
        return ""
    with contextlib.suppress(ProviderError):
        reason = pods.reason(client, live)
        return f": {reason}" if reason else ""
    return ""
