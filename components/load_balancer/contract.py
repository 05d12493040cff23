"""What a load balancer needs of an application, and what it gives to others."""

from dataclasses import dataclass

from model import Endpoint


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An application behind the balancer.

    `port` is the replicas' port; `health_path` what is asked of them, under the name `health_host` (None: any will
    do), unless a route's check says otherwise; `max_replicas` the most replicas that may answer at the same moment, a
    rollout's surplus included; the balancer has room for at least that many.
    """

    endpoint: Endpoint
    port: int
    health_path: str
    health_host: str | None = None
    max_replicas: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where the outside reaches the balancer: published ports (None: not offered) and paths on the status port, which
    is for operators."""

    http: int | None
    https: int | None
    status: int
    metrics_path: str = "/metrics"
    health_path: str = "/healthz"
