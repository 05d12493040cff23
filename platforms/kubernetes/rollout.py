"""How replicas are replaced."""

from collections.abc import Iterator

from pulumi_kubernetes.apps import v1 as apps

from model import Rollout
from platforms.base import Refused

REVISIONS_KEPT = 5
WAIT_MARGIN_SECONDS = 30
"""The update waits so much longer than the rollout's deadline, so that the pod's own reason is what is reported."""


def refusals(word: Rollout) -> Iterator[Refused]:
    """A deadline that the stable time alone would miss."""
    if word.deadline_seconds <= word.stable_seconds:
        yield Refused(
            "rollout.deadline_seconds",
            word.deadline_seconds,
            f"must be longer than the time that a replica must stay ready ({word.stable_seconds} s)",
        )


def strategy(word: Rollout) -> apps.DeploymentStrategyArgs:
    """New replicas beside the old ones (never fewer than wanted), or in their place."""
    return apps.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.RollingUpdateDeploymentArgs(
            max_surge=word.parallelism if word.start_first else 0,
            max_unavailable=0 if word.start_first else word.parallelism,
        ),
    )
