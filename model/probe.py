"""Health checks: whether a container has started, may receive work, and is alive."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HttpCheck:
    """GET `path` on the container port `port`; 200 to 399 passes.

    `host` is the Host header, for applications that answer to their own names only; without it the asker's choice.
    With `tls` the container is asked by HTTPS, and its certificate is not verified: nobody is between.
    """

    path: str
    port: int
    host: str | None = None
    tls: bool = False


@dataclass(frozen=True, kw_only=True)
class TcpCheck:
    """A connection to the container port `port` opens."""

    port: int


@dataclass(frozen=True, kw_only=True)
class ExecCheck:
    """A command inside the container that exits with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A check every `interval_seconds`, failed after `failures` in a row, each at most `timeout_seconds` long."""

    check: HttpCheck | TcpCheck | ExecCheck
    interval_seconds: int = 5
    timeout_seconds: int = 3
    failures: int = 3


@dataclass(frozen=True, kw_only=True)
class Probes:
    """`ready` decides whether a replica gets work and whether a rollout goes on; `live` restarts what hangs.

    `start_seconds` is the longest time a start may take: what is not up by then is restarted. `live` should be slower
    than `ready`: a replica that is only busy, or waits for something else, must not be restarted for it. A replica that
    was ready once is watched by `live` alone where the platform has a single health check (Swarm).
    """

    ready: Probe
    live: Probe
    start_seconds: int = 60
