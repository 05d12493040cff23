"""How replicas are replaced."""

from collections.abc import Iterator

from pulumi_kubernetes.apps import v1 as apps

from model import Rollout, Workload
from platforms import rollouts
from platforms.base import Refused

REVISIONS_KEPT = 5
WAIT_MARGIN_SECONDS = 30
"""The update waits so much longer than the rollout may take, so that the pod's own reason is what is reported."""


def refusals(word: Workload, most: int) -> Iterator[Refused]:
    """A deadline that a good replica could miss, and several replicas that would all stop before one starts."""
    yield from rollouts.refusals(word.rollout, word.probes)
    if word.rollout.order == "stop-first" and most > 1:
        yield Refused(
            "rollout.order",
            word.rollout.order,
            f"Kubernetes would stop all {most} replicas before it starts one; set one replica, or `start-first`",
        )


def strategy(word: Rollout) -> apps.DeploymentStrategyArgs:
    """New replicas beside the old ones (never fewer than wanted), or after they are gone.

    `Recreate` alone waits until old pods are gone: without a surge, a rolling update starts a new pod while the old one
    terminates.
    """
    if word.order == "stop-first":
        return apps.DeploymentStrategyArgs(type="Recreate")
    return apps.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.RollingUpdateDeploymentArgs(max_surge=word.parallelism, max_unavailable=0),
    )


def stop_wait_seconds(word: Rollout, grace_seconds: int) -> int:
    """How long each step waits for old replicas to stop."""
    return grace_seconds if word.order == "stop-first" else 0
