"""How replicas are replaced by new ones."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """`parallelism` replicas at a time; each new one must be ready for `stable_seconds` before the next.

    With `start_first` a new replica is ready before an old one stops (not possible where replicas own a published
    host port). A rollout that is not healthy within `deadline_seconds` fails, and the old version keeps serving.
    """

    parallelism: int = 1
    start_first: bool = True
    stable_seconds: int = 5
    deadline_seconds: int = 300
