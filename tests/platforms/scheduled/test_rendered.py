"""What both platforms make of a schedule."""

import json
from dataclasses import replace
from typing import Any

import pytest

from model import Schedule
from platforms.base import Refusal, Unsupported
from tests.mock_engine import Recorded, render
from tests.platforms.test_parity import PLATFORMS, platform_of
from tests.platforms.words import Objects, render_word, words


def registered(kind: str, **fields: Any) -> dict[tuple[str, str], Recorded]:
    """By kind and name of the resource."""

    def build(parent: Any) -> None:
        platform = platform_of(kind)
        objects = Objects.make(platform, parent)
        word = words(objects)["schedule"]
        assert isinstance(word, Schedule)
        with platform.gathering():
            render_word(platform, replace(word, **fields), parent)

    return {(one.type.rpartition(":")[2], one.name): one for one in render(build)}


def refused(kind: str, **fields: Any) -> tuple[Refusal, ...]:
    with pytest.raises(Unsupported) as found:
        registered(kind, **fields)
    return found.value.refusals


def test_kubernetes_runs_it_and_never_two_at_once() -> None:
    job = registered("kubernetes")["CronJob", "tidy"].inputs
    spec = job["spec"]
    assert job["metadata"]["name"] == "tidy"
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("30 3 * * *", "Etc/UTC", "Forbid")
    assert spec["startingDeadlineSeconds"] == 600
    assert spec["successfulJobsHistoryLimit"] == spec["failedJobsHistoryLimit"] == 3
    run = spec["jobTemplate"]["spec"]
    assert run["backoffLimit"] == 0
    assert run["activeDeadlineSeconds"] > 600, "the run's own deadline comes first, and says so"
    pod = run["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["command"][0] == "sh", "variables from secrets, as everywhere"
    assert container["command"][-7:] == [
        "python3", "/etc/ha-schedule", "report", "serve", "--slowly", "--port", "8080"
    ]  # fmt: skip
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_on_kubernetes_only_the_runs_and_monitoring_reach_the_clock_and_it_holds_no_secret() -> None:
    found = registered("kubernetes")
    clock = found["StatefulSet", "tidy-clock"].inputs["spec"]["template"]["spec"]
    (container,) = clock["containers"]
    assert container["command"] == ["python3", "/etc/ha-schedule", "keep"]
    sources = [each for one in clock["volumes"] for each in one.get("projected", {}).get("sources", [])]
    assert sources
    assert not [one for one in sources if "secret" in one]
    first, second = found["NetworkPolicy", "tidy-clock"].inputs["spec"]["ingress"]
    said = json.dumps([first, second])
    assert '"tidy"' in said
    assert '"monitoring"' in said
    assert "edge" not in said


def test_swarm_runs_it_inside_the_clock() -> None:
    service = registered("swarm")["Service", "tidy-clock-0"].inputs
    spec = service["taskSpec"]["containerSpec"]
    assert service["mode"]["replicated"]["replicas"] == 1
    assert spec["commands"][-7:] == ["python3", "/etc/ha-schedule", "keep", "serve", "--slowly", "--port", "8080"]
    mounts = {mount["target"]: mount for mount in spec["mounts"]}
    assert mounts["/var/tmp"]["type"] == "volume"
    assert not [mount for mount in spec["mounts"] if "docker.sock" in json.dumps(mount)]
    assert spec["readOnly"] is True


@pytest.mark.parametrize("kind", PLATFORMS)
def test_both_tell_the_programs_the_same(kind: str) -> None:
    found = {name for _, name in registered(kind) if name.startswith("tidy-schedule-")}
    own = ("schedule", "start", "clock", "history", "keep", "main", "report", "run")
    assert found == {f"tidy-schedule-{name}" for name in own}


def test_a_host_is_for_swarm() -> None:
    assert [one.field for one in refused("kubernetes", hosts=("a",))] == ["hosts"]
    assert [one.field for one in refused("swarm", hosts=("a", "b"))] == ["hosts"]
    assert [one.field for one in refused("swarm", hosts=("elsewhere",))] == ["hosts"]
