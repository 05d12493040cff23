"""The CLI without a host and without a cluster: what a preview then shows, and what it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.pulumi_cli.project import Project
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]

NO_DOCKER = "tcp://127.0.0.1:1"
Make = Callable[..., Project]


@pytest.fixture
def make(pulumi_command: Path, tmp_path: Path) -> Make:
    """A project of the stack file `Pulumi.<stack>.yaml`, edited."""

    def made(stack: str, target: dict[str, str], old: str = "", new: str = "") -> Project:
        project = Project(pulumi_command, tmp_path, target, stack=stack)
        text = (REPOSITORY / f"Pulumi.{stack}.yaml").read_text()
        assert old in text
        project.stack_file.write_text(text.replace(old, new, 1))
        project.init()
        return project

    return made


def test_a_broken_stack_file_is_one_error(make: Make) -> None:
    project = make("dev", {}, "maxmemory: 64Mi", "maxmemory: 100% %d")
    fault = "ha-platform:stack.caches.sessions.maxmemory"
    run = project.run("preview")
    assert run.code != 0
    assert run.text.count(fault) == 1, run.text
    assert "error: Pulumi.dev.yaml: 1 fault, nothing was changed" in run.text
    assert "Traceback" not in run.text
    machine = project.run("preview", "--json")
    assert machine.code != 0
    assert "Traceback" not in machine.text
    found: list[dict[str, Any]] = json.loads(machine.out)["diagnostics"]
    (said,) = (one for one in found if fault in one["message"])
    assert said["severity"] == "error"
    assert "(got '100% %d')" in said["message"]


def test_a_swarm_is_previewed_without_a_host_where_that_is_asked_for(make: Make) -> None:
    project = make("dev", {"DOCKER_HOST": NO_DOCKER})
    stopped = project.run("preview")
    assert stopped.code != 0
    assert f"the Docker host {NO_DOCKER} does not answer (connection refused)" in stopped.text
    assert "HA_OFFLINE=1 says that there is none" in stopped.text
    assert "failed to connect to any docker daemon" in stopped.text
    run = project.run("preview", "--json", HA_OFFLINE="1")
    assert run.code == 0, run.text
    found = json.loads(run.out)
    assert found["changeSummary"].keys() == {"create"}
    (said,) = (one for one in found["diagnostics"] if "previewed without asking docker" in one["message"])
    assert said["severity"] == "warning"
    assert "The digests by which services run are not known" in said["message"]


def test_nothing_is_deployed_offline(make: Make) -> None:
    project = make("dev", {"DOCKER_HOST": NO_DOCKER})
    run = project.run("up", "--yes", "--skip-preview", HA_OFFLINE="1")
    assert run.code != 0
    told = run.text.partition("Diagnostics:")[2]  # before that, the CLI shows what is being told
    assert told.count("HA_OFFLINE is set, which is for previews") == 1, run.text
    assert "Traceback" not in run.text
    kinds = {one["type"] for one in project.exported()["deployment"].get("resources", [])}
    assert kinds <= {"pulumi:pulumi:Stack"}


def test_only_the_plugins_of_the_stack_s_own_platform_are_started(make: Make) -> None:
    run = make("dev", {}).run("preview", HA_OFFLINE="1")
    assert run.code == 0, run.text
    started = {package for package in ("docker", "kubernetes", "random", "tls") if f"{package}: a stand-in" in run.text}
    # Pulumi's Python host names every installed package, so the CLI looks for the plugins of all.
    assert started <= {"docker", "random", "tls"}
    assert "docker" in started
    assert "using pulumi-resource-kubernetes from" in run.text


def test_a_cluster_that_does_not_answer_is_named(make: Make, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    project = make("prod", {"KUBECONFIG": str(nowhere)})
    run = project.run("preview", "--json")
    assert run.code == 0, run.text
    found = json.loads(run.out)["diagnostics"]
    (said,) = (one for one in found if "previewed without asking kubernetes" in one["message"])
    assert said["severity"] == "warning"
    assert f"no kubeconfig can be read from {nowhere}" in said["message"]
