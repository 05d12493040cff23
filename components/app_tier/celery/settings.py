"""The settings of an application that is a part of Celery: a worker, or Flower."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from components.app_tier.uses import UsedName
from settings.base import Settings
from settings.types import ProcessText, Seconds

QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,126}$")]
"""The name of a queue. No comma: a worker is told them with commas between."""

AppName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$", max_length=200)]
"""A module of Python, and a name in it."""


class CeleryWorkerSettings(Settings):
    """A worker of Celery 5.5 or newer. What a task has not finished when its worker ends goes to another one."""

    queues: tuple[QueueName, ...] = Field(default=("celery",), min_length=1, max_length=100)
    """The queues that it consumes. `celery` is the one of tasks that nobody gives another."""
    concurrency: int = Field(default=4, ge=1, le=64, strict=True)
    """Processes of each replica, each with one task at a time. Each has its own connections: of a database the replica
    opens at least as many, and so many are counted where `uses.<name>.pool` says nothing."""
    prefetch: int = Field(default=1, ge=1, le=100, strict=True)
    """Tasks that each process reserves, with the one that it runs. More than 1 is for many short tasks."""
    time_limit: Annotated[Seconds, Field(ge=1, le=24 * 3600)]
    """A task that runs longer is ended, with its process. No task in the code may have a longer limit of its own."""
    visibility_timeout: Annotated[Seconds, Field(ge=1, le=7 * 24 * 3600)] | None = None
    """Redis: after so long a task that nobody acknowledged goes to another worker, as when a host is lost. Longer than
    `prefetch` tasks in a row may take, and than the longest `countdown` or `eta`: else a task is run twice. Default: a
    minute more than those tasks, and at least 1h."""

    queue_long: int = Field(default=1000, ge=1, le=100_000_000, strict=True)
    """Tasks that wait in one queue: more of them for ten minutes are an alert."""

    @property
    def held_seconds(self) -> int:
        """How long a task is unacknowledged at most: it waits for those before it in its process, and runs."""
        return self.prefetch * self.time_limit

    @property
    def visibility_seconds(self) -> int:
        """With Redis."""
        return self.visibility_timeout or max(3600, self.held_seconds + 60)

    @model_validator(mode="after")
    def _consistent(self) -> "CeleryWorkerSettings":
        problems = []
        if len(set(self.queues)) != len(self.queues):
            problems.append("`queues` names one twice")
        if self.visibility_timeout is not None and self.visibility_timeout <= self.held_seconds:
            problems.append(
                f"`visibility_timeout` ({self.visibility_timeout}s) must be longer than `prefetch` x `time_limit` "
                f"({self.held_seconds}s): a task that still runs would be given to a second worker"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


class CelerySettings(Settings):
    """A part of Celery. Command and checks follow from it, and the broker's settings from the use with
    `preset: celery`."""

    app: AppName
    """Where the application is, as `celery -A` takes it: `shop.worker`, `shop.worker:app`."""
    broker: UsedName | None = None
    """The broker, in `uses` with `preset: celery`. Default: the only one there."""
    python: ProcessText = "python3"
    """The interpreter that has Celery, where it is not the first on PATH."""
    worker: CeleryWorkerSettings
    """A worker."""
