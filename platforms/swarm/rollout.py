"""How Swarm replaces tasks, how long the program waits, and what happens to a bad update."""

from dataclasses import dataclass

import pulumi_docker as docker

from platforms.durations import go_duration


@dataclass(frozen=True, kw_only=True)
class Steps:
    """`parallelism` tasks at a time, `delay_seconds` from ready to the next; the last ones are also watched.

    Swarm counts a task as running when its health check has passed once. One that fails before that, or up to
    `monitor_seconds` after it, fails the update.
    """

    parallelism: int = 1
    start_first: bool = False
    delay_seconds: int = 0
    monitor_seconds: int = 5

    @property
    def order(self) -> str:
        """Which of the old and the new task is first, as Docker names it."""
        return "start-first" if self.start_first else "stop-first"


def update_config(steps: Steps, *, failure_action: str = "rollback") -> docker.ServiceUpdateConfigArgs:
    """A failed update goes back to the version before, or stops where it is (`pause`)."""
    return docker.ServiceUpdateConfigArgs(
        parallelism=steps.parallelism,
        order=steps.order,
        delay=go_duration(steps.delay_seconds),
        monitor=go_duration(steps.monitor_seconds),
        failure_action=failure_action,
    )


def rollback_config(steps: Steps) -> docker.ServiceRollbackConfigArgs:
    """Back in the same steps; a failing rollback waits for a person."""
    return docker.ServiceRollbackConfigArgs(
        parallelism=steps.parallelism,
        order=steps.order,
        delay=go_duration(steps.delay_seconds),
        monitor=go_duration(steps.monitor_seconds),
        failure_action="pause",
    )


def converge_config(timeout_seconds: int) -> docker.ServiceConvergeConfigArgs:
    """The resource is done when every task is ready. The provider reads plain seconds here, no mixed units."""
    return docker.ServiceConvergeConfigArgs(delay="2s", timeout=f"{timeout_seconds}s")
