"""What a load balancer gives to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where the outside reaches the balancer: published ports (None: not offered; `tcp` by the route's name) and
    paths on the status port, which is for operators."""

    http: int | None
    https: int | None
    status: int
    tcp: Mapping[str, int] = field(default_factory=dict)
    metrics_path: str = "/metrics"
    health_path: str = "/healthz"
