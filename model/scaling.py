"""How the number of replicas follows load."""

from dataclasses import dataclass
from typing import Literal

SCALER_JOB = "scaler"
"""Under which Prometheus has what a scaler of ours tells: it reads its figures of containers there."""
SCALER_PORT = 9198
"""Where a scaler of ours tells what it does, on platforms that have none of their own."""


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
class Scaling:
    """Between `min_replicas` and `max_replicas`, aiming at a mean use of the *requested* CPU and memory, in percent."""

    min_replicas: int
    max_replicas: int
    cpu_percent: int | None
    memory_percent: int | None
    up: ScalingStep
    down: ScalingStep
