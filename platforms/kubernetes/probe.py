"""Health checks."""

import math
from dataclasses import dataclass

from pulumi_kubernetes.core import v1 as core

from model import ExecCheck, HttpCheck, Probe, Probes, TcpCheck
from platforms.kubernetes.expansion import literal


@dataclass(frozen=True, kw_only=True)
class RenderedProbes:
    """The three probes of a container."""

    startup: core.ProbeArgs
    ready: core.ProbeArgs
    live: core.ProbeArgs


def rendered(word: Probes) -> RenderedProbes:
    """A start is over when the container is alive: until then, for `start_seconds`, failures do not count.

    Readiness has no deadline here: a member may wait long for its peers, and the rollout's deadline bounds the rest.
    """
    interval = min(word.live.interval_seconds, word.ready.interval_seconds)
    startup = _probe(word.live, interval=interval, failures=max(1, math.ceil(word.start_seconds / interval)))
    return RenderedProbes(startup=startup, ready=_of(word.ready), live=_of(word.live))


def _of(word: Probe) -> core.ProbeArgs:
    return _probe(word, interval=word.interval_seconds, failures=word.failures)


def _probe(word: Probe, *, interval: int, failures: int) -> core.ProbeArgs:
    check = word.check
    return core.ProbeArgs(
        http_get=_http_get(check) if isinstance(check, HttpCheck) else None,
        tcp_socket=core.TCPSocketActionArgs(port=check.port) if isinstance(check, TcpCheck) else None,
        exec_=core.ExecActionArgs(command=[literal(part) for part in check.command])
        if isinstance(check, ExecCheck)
        else None,
        period_seconds=interval,
        timeout_seconds=word.timeout_seconds,
        failure_threshold=failures,
    )


def _http_get(check: HttpCheck) -> core.HTTPGetActionArgs:
    headers = [core.HTTPHeaderArgs(name="Host", value=check.host)] if check.host else None
    scheme = "HTTPS" if check.tls else None
    return core.HTTPGetActionArgs(path=check.path, port=check.port, scheme=scheme, http_headers=headers)
