"""How the number of replicas follows load."""

from dataclasses import dataclass
from typing import Literal

SCALER_JOB = "scaler"
"""Under which Prometheus has what a scaler of ours tells: it reads its figures of containers there."""
SCALER_PORT = 9198
"""Where a scaler of ours tells what it does, on platforms that have none of their own."""
WINDOW = "$__rate_interval"
"""In a query: four scrapes, the shortest time from which a rate can be told for certain. Grafana's name for it."""
FRESH = "$__fresh_seconds"
"""In a query: how old a figure may be, in seconds: two scrapes, and a moment."""


@dataclass(frozen=True, kw_only=True)
class ScalingStep:
    """At most max (or min, see `choose`) of `percent` of the replicas and `replicas` in each `period_seconds`.

    A step is taken only after the need for it lasted `stabilization_seconds`.
    """

    stabilization_seconds: int
    percent: int
    replicas: int
    period_seconds: int
    choose: Literal["max", "min"]


@dataclass(frozen=True, kw_only=True)
class ScalingMetric:
    """A figure of all replicas together, and how much of it each of them is to have.

    `query` is PromQL whose answer is one series. `WINDOW` and `FRESH` in it are filled in where it is known how often
    Prometheus scrapes.
    """

    name: str
    query: str
    per_replica: float


@dataclass(frozen=True, kw_only=True)
class ScalingWindow:
    """From each time `starts` to the next time `ends` there are at least `min_replicas`. Both are times by the clock of
    a `zone` (`model.clock`)."""

    starts: str
    ends: str
    zone: str
    min_replicas: int


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Between `min_replicas` and `max_replicas`, aiming at a mean use of the *requested* CPU and memory, in percent,
    and at what each replica is to have of the `metrics`. What asks for most counts. In `windows` the fewest are more.
    """

    min_replicas: int
    max_replicas: int
    cpu_percent: int | None
    memory_percent: int | None
    metrics: tuple[ScalingMetric, ...] = ()
    windows: tuple[ScalingWindow, ...] = ()
    up: ScalingStep
    down: ScalingStep
