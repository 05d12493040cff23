"""Limits that follow from the settings: how long a clone may take, shared memory, quiet connections, two proxies."""

import copy
import json
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from platforms.durations import seconds_of
from tests.mock_engine import render
from tests.platforms.arrival import due_seconds
from tests.stacks.fixtures import REPOSITORY, settings_of

STACKS = {"kubernetes": REPOSITORY / "Pulumi.prod.yaml", "swarm": REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"}
GIB = 2**30
RESOURCES = {"cpu_request": "1", "cpu_limit": "2", "memory_request": "8Gi", "memory_limit": "8Gi"}


def inputs(platform: str, name: str, **changes: Any) -> dict[str, Any]:
    """Inputs of the resource `name` with the database `main` changed."""
    settings = copy.deepcopy(settings_of(STACKS[platform])[0])
    settings["databases"]["main"] |= changes
    stack = check(settings, source="test", secret_names=frozenset())
    found = render(lambda _: compose(StackInput(source="test", stack=stack, secrets={}), stack_name="prod"))
    return next(one.inputs for one in found if one.name == name and one.inputs)


@pytest.mark.parametrize(("volume", "least"), [("1Gi", 900), ("500Gi", 500 * GIB / (10 * 2**20))])
def test_swarm_leaves_a_member_that_clones_alone(volume: str, least: float) -> None:
    """One run of its check lasts as long as a clone that is alive; a start that hangs has 15 minutes all the same."""
    service = inputs("swarm", "main-pg-1", volume=volume)
    check = service["taskSpec"]["containerSpec"]["healthcheck"]
    assert seconds_of(check["timeout"]) >= least
    assert seconds_of(check["startPeriod"]) + check["retries"] * due_seconds(check) == 900
    assert int(service["convergeConfig"]["timeout"].removesuffix("s")) > least, "and `up` waits for it"


def test_kubernetes_ends_a_start_by_liveness_alone() -> None:
    """So a clone may take as long as it needs, whatever the size."""
    pod = inputs("kubernetes", "main-pg", volume="500Gi")["spec"]["template"]["spec"]["containers"][0]
    assert pod["startupProbe"]["httpGet"]["path"] == pod["livenessProbe"]["httpGet"]["path"] == "/liveness"
    assert pod["readinessProbe"]["httpGet"]["path"] == "/readiness"


@pytest.mark.parametrize("platform", STACKS)
def test_shared_memory_grows_with_the_members_memory(platform: str) -> None:
    """The runtime's own 64 MiB end parallel queries with `could not resize shared memory segment`."""
    if platform == "swarm":
        container = inputs(platform, "main-pg-0", resources=RESOURCES)["taskSpec"]["containerSpec"]
        mount = next(one for one in container["mounts"] if one["target"] == "/dev/shm")
        assert (mount["type"], mount["tmpfsOptions"]["sizeBytes"]) == ("tmpfs", 4 * GIB)
    else:
        pod = inputs(platform, "main-pg", resources=RESOURCES)["spec"]["template"]["spec"]
        name = next(one["name"] for one in pod["containers"][0]["volumeMounts"] if one["mountPath"] == "/dev/shm")
        volume = next(one["emptyDir"] for one in pod["volumes"] if one["name"] == name)
        assert (volume["medium"], volume["sizeLimit"]) == ("Memory", "4Gi")


@pytest.mark.parametrize("platform", STACKS)
def test_two_write_proxies_are_on_two_hosts(platform: str) -> None:
    found = json.dumps(inputs(platform, "main-rw"))
    wanted = {"swarm": '"maxReplicas": 1', "kubernetes": "requiredDuringSchedulingIgnoredDuringExecution"}
    assert wanted[platform] in found


def test_a_busy_write_proxy_is_not_restarted_at_once() -> None:
    container = inputs("kubernetes", "main-rw")["spec"]["template"]["spec"]["containers"][0]
    ready, live = container["readinessProbe"], container["livenessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] <= 10
    assert live["periodSeconds"] * live["failureThreshold"] >= 60
