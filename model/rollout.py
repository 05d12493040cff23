"""How replicas are replaced by new ones."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """`parallelism` replicas at a time; each new one must be ready for `stable_seconds` before the next.

    `order`: a new replica is ready before an old one stops (`start-first`; not possible where replicas own a published
    host port), or an old one has stopped before a new one starts (`stop-first`), so that one replica never runs twice.
    A new replica that is not ready and stable within `deadline_seconds` fails the rollout, and the old version keeps
    serving. How long a whole rollout may take follows from it: each platform computes its own total.
    """

    parallelism: int = 1
    order: Literal["start-first", "stop-first"] = "start-first"
    stable_seconds: int = 5
    deadline_seconds: int = 300
