"""The CLI deploys a small stack to a Swarm: what the README says of `pulumi`, and what a person reads where it stops.

The tests go on with each other's stack, in this order.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.hosts.profiles import profile
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import in_state, on_swarm
from tests.live.dev.stacks import SMALL, Settings, StackFile
from tests.live.pulumi_cli.project import PASSPHRASE, STACK, Project
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(600, func_only=True)]

SECRET = "only-for-this-test-7f3a"
UP = ("up", "--yes", "--skip-preview", "--policy-pack", str(REPOSITORY / "policies"))
UNCHANGED = ("preview", "--diff", "--expect-no-changes")
IGNORANT = """\
import pulumi
from composition.compose import compose
from composition.read import read_stack
compose(read_stack(), stack_name=pulumi.get_stack())
"""
"""The program, if it never asked the Swarm what runs."""
STRICT = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def judge(args, report):
    if args.resource_type == "docker:index/service:Service":
        report("no services here")

PolicyPack("strict", policies=[
    ResourceValidationPolicy("none", "None.", judge, enforcement_level=EnforcementLevel.MANDATORY)])
"""


def with_secret(settings: Settings) -> None:
    settings["apps"]["web"]["secrets"] = {"key": "site_key"}


@pytest.fixture(scope="module")
def project(
    swarm_dev: SwarmCluster, pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The stack, initialised and with its secret; removed at the end, whatever happened to it."""
    made = Project(pulumi_command, tmp_path_factory.mktemp("project"), {"DOCKER_HOST": swarm_dev.docker_host})
    StackFile(made.stack_file, SMALL).write(with_secret)
    try:
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview")


def containers(swarm: SwarmCluster) -> set[str]:
    return {container.id for container in swarm.client().containers.list()}


def quiet(text: str) -> bool:
    """Without a traceback and without the secret."""
    return "Traceback" not in text and "KeyboardInterrupt" not in text and SECRET not in text


def test_a_stack_is_made_and_given_a_secret(project: Project) -> None:
    made = project.run("stack", "init")
    assert made.code == 0, made.text
    given = project.run("config", "set", "--secret", "--path", "ha-platform:secrets.site_key", text=SECRET)
    assert given.code == 0, given.text
    assert "secure:" in project.stack_file.read_text()
    assert SECRET not in project.stack_file.read_text()


def test_a_preview_changes_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    run = project.run("preview", "--diff", "--json")
    assert run.code == 0, run.text
    assert json.loads(run.out)["changeSummary"].keys() == {"create"}
    assert quiet(run.text)
    assert on_swarm(swarm_dev.client(), STACK) == set()


def test_a_mandatory_policy_stops_an_update(project: Project, swarm_dev: SwarmCluster, tmp_path: Path) -> None:
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (tmp_path / "__main__.py").write_text(STRICT)
    run = project.run("preview", "--policy-pack", str(tmp_path))
    assert run.code != 0
    assert "no services here" in run.text
    assert quiet(run.text), run.text
    assert on_swarm(swarm_dev.client(), STACK) == set()


def test_a_broken_stack_file_is_reported(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(project.stack_file.read_text().replace("maxmemory: 32Mi", "maxmemory: much"))
    run = project.run("preview", "--config-file", str(broken))
    assert run.code != 0
    assert "ha-platform:stack.caches.sessions.maxmemory" in run.text
    assert quiet(run.text), run.text


def test_a_host_that_does_not_answer_is_named(project: Project) -> None:
    run = project.run("preview", DOCKER_HOST="tcp://127.0.0.1:1", HA_STAND_INS="tcp://127.0.0.1:1")
    assert run.code != 0
    assert "tcp://127.0.0.1:1 does not answer" in run.text
    assert quiet(run.text), run.text


def test_a_stand_in_is_for_the_sandbox_only(project: Project) -> None:
    other = project.run("preview", DOCKER_HOST="tcp://127.0.0.1:1")
    assert other.code != 0
    assert "for the sandbox only, not for tcp://127.0.0.1:1" in other.text
    unnamed = project.run("preview", HA_STAND_INS="")
    assert unnamed.code != 0
    assert "this is a stand-in for tests on sandbox hosts" in unnamed.text


def test_up_deploys_what_answers(project: Project, swarm_dev: SwarmCluster) -> None:
    run = project.run(*UP)
    assert run.code == 0, run.text
    assert re.search(r"\+ \d+ created", run.out)
    assert "pulumi-resource-docker: a stand-in of the sandbox" in run.text
    assert quiet(run.text)
    url = f"http://{profile('dev').prefix}.11:{SMALL['balancers']['edge']['listen']['http']}/replica"
    wait_until(lambda: httpx.get(url, timeout=5).status_code == 200, f"{url} answers", 30)
    images = [one["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] for one in swarm_dev.client().api.services()]
    assert [image for image in images if "@sha256:" not in image] == []


def test_a_program_that_does_not_ask_would_restart_every_service(project: Project, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(IGNORANT)
    ignorant = Project(project.pulumi, project.directory, project.target, program=tmp_path)
    try:
        run = ignorant.run(*UNCHANGED)
    finally:
        Project(project.pulumi, project.directory, project.target)
    assert run.code != 0, run.text
    assert "~ image:" in run.out


def test_the_next_up_restarts_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    ran = containers(swarm_dev)
    for command in (UNCHANGED, UP, UNCHANGED, ("refresh", "--yes", "--skip-preview"), UNCHANGED):
        run = project.run(*command)
        assert run.code == 0, f"pulumi {' '.join(command)}: {run.text}"
        # A refresh finds the platforms that came with the digests.
        assert command[0] == "refresh" or not re.search(r"\d+ (to update|updated)", run.out), run.text
    assert containers(swarm_dev) == ran


def test_a_state_goes_out_and_in_again(project: Project, swarm_dev: SwarmCluster) -> None:
    state = json.dumps(project.exported())
    assert SECRET not in state
    assert in_state(state) == on_swarm(swarm_dev.client(), STACK)
    back = project.run("stack", "import", text=state)
    assert back.code == 0, back.text
    run = project.run(*UNCHANGED)
    assert run.code == 0, run.text


def test_the_sandbox_engine_takes_the_state_over(project: Project, swarm_dev: SwarmCluster, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps(project.exported()))
    environment = {
        "HA_STATE": str(tmp_path),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "DOCKER_HOST": swarm_dev.docker_host,
    }
    for command in (("import", str(tmp_path / "state.json")), ("preview", "--expect-no-changes")):
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.engine", *command, "-s", STACK, "--stack-file", str(project.stack_file)],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_service_removed_by_hand_is_made_again(project: Project, swarm_dev: SwarmCluster) -> None:
    web = swarm_dev.client().services.get(f"{STACK}-web")
    web.remove()
    refreshed = project.run("refresh", "--yes", "--skip-preview")
    assert refreshed.code == 0, refreshed.text
    run = project.run(*UP)
    assert run.code == 0, run.text
    assert re.search(r"\+ 1 created", run.out)
    assert project.run(*UNCHANGED).code == 0


def test_destroy_leaves_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    run = project.run("destroy", "--yes", "--skip-preview")
    assert run.code == 0, run.text
    assert quiet(run.text)
    assert on_swarm(swarm_dev.client(), STACK) == set()
    assert project.exported()["deployment"].get("resources", []) == []
