"""How long rollouts may take, in what is the same on every platform."""

import math
from collections.abc import Iterator

from model import Probes, Rollout
from platforms.base import Refused


def replica_seconds(rollout: Rollout, probes: Probes) -> int:
    """How long one good replica may take to be ready and stable."""
    return probes.start_seconds + rollout.stable_seconds


def refusals(rollout: Rollout, probes: Probes) -> Iterator[Refused]:
    """A deadline that a good replica could miss."""
    needed = replica_seconds(rollout, probes)
    if rollout.deadline_seconds <= needed:
        yield Refused(
            "rollout.deadline_seconds",
            rollout.deadline_seconds,
            f"one replica may take {needed} s to start and be stable; set more than that",
        )


def total_seconds(rollout: Rollout, probes: Probes, *, replicas: int, stop_seconds: int = 0) -> int:
    """How long the whole rollout may take.

    The deadline for the first step, what a good replica takes for each other one, and `stop_seconds` for every step
    that waits until old replicas have stopped.
    """
    steps = math.ceil(replicas / rollout.parallelism)
    return rollout.deadline_seconds + (steps - 1) * replica_seconds(rollout, probes) + steps * stop_seconds
