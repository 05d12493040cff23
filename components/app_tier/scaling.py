"""Settings of the autoscaler."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from components.app_tier.scaling_metrics import ScalingMetricsSettings
from components.app_tier.scaling_schedules import ScalingScheduleSettings, WindowName
from model import Scaling, ScalingMetric, ScalingStep
from settings.base import Settings
from settings.types import Percent, Seconds


class ScalingStepSettings(Settings):
    """How fast the count may move in one direction."""

    stabilization: Seconds = Field(ge=0, le=3600)
    """The need must last this long."""
    percent: int = Field(ge=1, le=1000, strict=True)
    """Of the replicas, in one period."""
    replicas: int = Field(ge=1, le=100, strict=True)
    """Replicas, in one period."""
    period: Seconds = Field(ge=1, le=1800)
    """Length of a period."""
    choose: Literal["max", "min"]
    """Which of the two bounds counts."""

    def step(self) -> ScalingStep:
        """The neutral word."""
        return ScalingStep(
            stabilization_seconds=self.stabilization,
            percent=self.percent,
            replicas=self.replicas,
            period_seconds=self.period,
            choose=self.choose,
        )


class ScalingSettings(Settings):
    """The number of replicas follows load. The defaults react at once and shrink slowly."""

    min: int = Field(default=3, ge=1, le=100, strict=True)
    """Fewest replicas."""
    max: int = Field(default=10, ge=1, le=1000, strict=True)
    """Most replicas."""
    cpu: Percent | None = 70
    """Mean CPU in percent of the request."""
    memory: Percent | None = 80
    """Mean memory in percent of the request."""
    metrics: ScalingMetricsSettings | None = None
    """What else it follows, with Prometheus' figures. Of all metrics the one that asks for most counts. Kubernetes
    needs KEDA for it."""
    schedules: dict[WindowName, ScalingScheduleSettings] = Field(default_factory=dict, max_length=20)
    """More replicas at hours at which load is known to come, by name. `min` holds at all other times. Kubernetes needs
    KEDA for it."""
    up: ScalingStepSettings = ScalingStepSettings(stabilization=0, percent=100, replicas=4, period=15, choose="max")
    """Growth: at once, the larger of doubling and 4 replicas in 15 s."""
    down: ScalingStepSettings = ScalingStepSettings(stabilization=300, percent=50, replicas=2, period=60, choose="min")
    """Shrinking: after 5 minutes, the smaller of half and 2 replicas in 60 s."""

    @model_validator(mode="after")
    def _consistent(self) -> "ScalingSettings":
        problems = []
        if self.max < self.min:
            problems.append(f"`max` is below `min` ({self.max} < {self.min})")
        if self.cpu is None and self.memory is None and self.metrics is None:
            problems.append("give `cpu`, `memory` or `metrics`: nothing to scale on")
        for name, one in self.schedules.items():
            if one.min <= self.min:
                problems.append(
                    f"`schedules.{name}.min` ({one.min}) is not above `min` ({self.min}): write what is needed at "
                    "quiet hours as `min`, and what is needed at the others as schedules"
                )
            if one.min > self.max:
                problems.append(f"`schedules.{name}.min` is above `max` ({one.min} > {self.max})")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def beyond_resources(self) -> tuple[str, ...]:
        """The keys that name more than CPU and memory."""
        return ("metrics",) * bool(self.metrics) + ("schedules",) * bool(self.schedules)

    def said(self) -> str:
        """The policy in a line."""
        followed = [f"{name} {percent} %" for name, percent in (("cpu", self.cpu), ("memory", self.memory)) if percent]
        followed += self.metrics.said() if self.metrics else ()
        line = f"{self.min} to {self.max}, by {', '.join(followed)}"
        for name, one in self.schedules.items():
            line += f"; {name} (`{one.starts}` to `{one.ends}` {one.time_zone}): at least {one.min}"
        return line

    def scaling(self, metrics: Iterable[ScalingMetric] = ()) -> Scaling:
        """The neutral word, with what Prometheus is asked for the `metrics`."""
        return Scaling(
            min_replicas=self.min,
            max_replicas=self.max,
            cpu_percent=self.cpu,
            memory_percent=self.memory,
            metrics=tuple(metrics),
            windows=tuple(one.window() for one in self.schedules.values()),
            up=self.up.step(),
            down=self.down.step(),
        )
