"""What a load balancer gives to others."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where the outside reaches the balancer: published ports (None: not offered) and paths on the status port, which
    is for operators."""

    http: int | None
    https: int | None
    status: int
    metrics_path: str = "/metrics"
    health_path: str = "/healthz"
