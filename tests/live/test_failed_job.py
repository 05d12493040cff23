"""A job that failed for good on a real Swarm: nothing starts it again, until its service was scaled to 0 and back."""

import secrets
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from cli.hosts import Hosts
from cli.kept import JOB_LABEL, STACK_LABEL
from cli.swarm_jobs import close_failed
from drills.waiting import wait_for
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference

pytestmark = [pytest.mark.live, pytest.mark.swarm]
STACK = f"job-trial-{secrets.token_hex(3)}"
ENDED = "shutdown"


class Job:
    """A service that fails twice, and then has no task that runs or will."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._api = client.api
        self._service = client.services.create(
            reference("base"),
            ["sh", "-c", "exit 3"],
            name=STACK,
            labels={STACK_LABEL: STACK, JOB_LABEL: "true"},
            restart_policy=docker.types.RestartPolicy("on-failure", delay=10**9, max_attempts=1, window=900 * 10**9),
        )
        self.remove = self._service.remove

    def tasks(self) -> list[str]:
        """What the Swarm wants of them."""
        found: list[dict[str, Any]] = self._api.tasks({"service": self._service.id})
        return [task["DesiredState"] for task in found]

    def scale(self, count: int) -> None:
        """As an update does that has nothing else to change."""
        self._service.reload()
        self._service.scale(count)


@pytest.fixture
def job(swarm_dev: SwarmCluster) -> Iterator[Job]:
    one = Job(swarm_dev.client())
    try:
        wait_for("it failed twice", lambda: one.tasks() == [ENDED] * 2, seconds=180)
        yield one
    finally:
        one.remove()


def test_what_failed_twice_is_started_again(swarm_dev: SwarmCluster, job: Job) -> None:
    docker_host = swarm_dev.docker_host
    hosts = Hosts(environment={}, address="", description="", docker_host=docker_host)
    assert close_failed(STACK, hosts) == [STACK]
    assert job.tasks() == [], "no failed task is in the way"
    job.scale(1)
    wait_for("it is tried again", lambda: job.tasks() != [], seconds=180)
