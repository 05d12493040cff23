"""How replicas are replaced, and what never runs twice."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from settings.base import Settings
from settings.types import Seconds

if TYPE_CHECKING:
    from components.app_tier.settings import AppTierSettings


class RolloutSettings(Settings):
    """How replicas are replaced."""

    parallelism: int = Field(default=1, ge=1, le=10, strict=True)
    """Replicas replaced at the same time."""
    stable: Seconds = Field(default=5, ge=0, le=600)
    """How long a new replica must stay ready before the next one is replaced."""
    deadline: Seconds = Field(default=300, ge=10, le=3600)
    """A new replica that is not ready and stable by then fails the rollout, and the old version keeps serving."""
    order: Literal["start-first", "stop-first"] = "start-first"
    """`start-first`: a new replica is ready before an old one stops. `stop-first`: an old one has stopped before a new
    one starts, for what must not run twice (a scheduler, a single consumer)."""


def singleton_problems(settings: "AppTierSettings") -> Iterator[str]:
    """What does not go with `singleton`."""
    if not settings.singleton:
        return
    if settings.scaling is not None:
        yield "`singleton` and `scaling` exclude each other: an autoscaler adds replicas"
    elif settings.count > 1:
        yield f"`singleton` is one replica, and `replicas` is {settings.count}; remove one of the two"
    if settings.rollout.order == "start-first" and "order" in settings.rollout.model_fields_set:
        yield "`singleton` stops the old replica first; remove `rollout.order: start-first`"
    if settings.rollout.parallelism > 1:
        yield "`singleton` is one replica; remove `rollout.parallelism`"
