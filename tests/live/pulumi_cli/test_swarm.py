"""The CLI deploys the development stack to a Swarm, and leaves alone what did not change.

The tests go on with each other's stack, in this order.
"""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from docker.types import SecretReference, ServiceMode

from drills.engine import SandboxEngine
from platforms.swarm.names import STACK_LABEL
from sandbox.hosts.profiles import profile
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import in_state, on_swarm
from tests.live.dev.stacks import Settings, StackFile, development
from tests.live.pulumi_cli.project import SECRET, STACK, UNCHANGED, Project, quiet
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900, func_only=True)]

UP = ("up", "--yes", "--skip-preview", "--policy-pack", str(REPOSITORY / "policies"))
DESTROY = ("destroy", "--yes", "--skip-preview")
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
    StackFile(made.stack_file, development()).write(with_secret)
    try:
        yield made
    finally:
        made.run(*DESTROY)


def containers(swarm: SwarmCluster, stack: str) -> set[str]:
    """Those of one stack: others are deployed beside it."""
    return {container.id for container in swarm.client().containers.list(filters={"name": f"^/{stack}-"})}


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
    for command, said in ((("up", "--yes"), "no services here"), (("preview", "--json"), '"severity": "error"')):
        run = project.run(*command, "--policy-pack", str(tmp_path))
        assert run.code != 0
        assert said in run.text
        assert quiet(run.text), run.text
    assert on_swarm(swarm_dev.client(), STACK) == set()


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
    url = f"http://{profile('dev').prefix}.11:8080/ready"
    wait_until(lambda: httpx.get(url, timeout=60).status_code == 200, f"{url} answers", 180)
    services = swarm_dev.client().api.services(filters={"label": f"{STACK_LABEL}={STACK}"})
    images = [one["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] for one in services]
    assert images
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


def test_the_first_up_is_all_there_is_to_do(project: Project) -> None:
    run = project.run(*UNCHANGED)
    assert run.code == 0, run.text


def test_the_next_up_restarts_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    ran = containers(swarm_dev, STACK)
    for command in (UP, UNCHANGED, ("refresh", "--yes", "--skip-preview"), UNCHANGED):
        run = project.run(*command)
        assert run.code == 0, f"pulumi {' '.join(command)}: {run.text}"
        # A refresh finds the platforms that came with the digests.
        assert command[0] == "refresh" or not re.search(r"\d+ (to update|updated)", run.out), run.text
    assert containers(swarm_dev, STACK) == ran


def test_a_state_goes_out_and_in_again(project: Project, swarm_dev: SwarmCluster) -> None:
    state = json.dumps(project.exported())
    assert SECRET not in state
    assert in_state(state) == on_swarm(swarm_dev.client(), STACK)
    back = project.run("stack", "import", text=state)
    assert back.code == 0, back.text
    run = project.run(*UNCHANGED)
    assert run.code == 0, run.text


def test_the_sandbox_engine_takes_the_state_over_and_gives_it_back(
    project: Project, swarm_dev: SwarmCluster, tmp_path: Path
) -> None:
    ran, state = containers(swarm_dev, STACK), tmp_path / "state.json"
    state.write_text(json.dumps(project.exported()))
    sandbox = SandboxEngine(STACK, project.directory, {"DOCKER_HOST": swarm_dev.docker_host})
    for command in (("import", str(state)), ("preview", "--expect-no-changes"), ("export",)):
        run = sandbox.run(*command)
        assert run.code == 0, run.text
    for line, text in ((("stack", "import"), run.out), (UNCHANGED, "")):
        back = project.run(*line, text=text)
        assert back.code == 0, back.text
    assert containers(swarm_dev, STACK) == ran


def test_what_was_changed_and_removed_by_hand_is_found_where_it_is_looked_for(
    project: Project, swarm_dev: SwarmCluster
) -> None:
    """The CLI compares with what it recorded; `--refresh` looks at the hosts, says what differs and sets it again."""
    services = swarm_dev.client().services
    services.get(f"{STACK}-web").scale(0)
    assert project.run(*UNCHANGED).code == 0
    services.get(f"{STACK}-worker").remove()
    found = project.run(*UNCHANGED, "--refresh")
    assert found.code != 0
    assert re.search(r"~ replicas|replicas: 0 => 2", found.out), found.text
    assert re.search(r"\+ 1 to create", found.out), found.text
    put_right = project.run(*UP, "--refresh")
    assert put_right.code == 0, put_right.text
    assert re.search(r"\+ 1 created", put_right.out), put_right.text
    assert services.get(f"{STACK}-web").attrs["Spec"]["Mode"]["Replicated"]["Replicas"] == 2
    assert project.run(*UNCHANGED, "--refresh").code == 0


def test_a_destroy_that_is_interrupted_stops_in_order(project: Project, swarm_dev: SwarmCluster) -> None:
    """It ends what it had begun, and the CLI does not call that a failure: its exit code is 0."""
    client = swarm_dev.client()
    ran = len(on_swarm(client, STACK))
    run = project.stop(*DESTROY, when=lambda: len(on_swarm(client, STACK)) < ran, by=signal.SIGINT)
    assert "^C received; cancelling" in run.text
    assert quiet(run.text), run.text
    left = on_swarm(client, STACK)
    assert left
    assert in_state(json.dumps(project.exported())) == left


def test_a_destroy_that_fails_names_what_is_in_use(project: Project, swarm_dev: SwarmCluster) -> None:
    """A service of somebody else has a secret of the stack."""
    client = swarm_dev.client()
    secret = next(one for one in client.secrets.list() if one.attrs["Spec"]["Labels"].get(STACK_LABEL) == STACK)
    other = client.services.create(
        client.images.list()[0].id,
        name="another",
        mode=ServiceMode("replicated", 0),
        secrets=[SecretReference(secret.id, secret.name)],
    )
    try:
        run = project.run(*DESTROY)
        assert run.code != 0
        assert f"secret '{secret.name}' is in use by the following service: another" in run.text, run.text
        assert quiet(run.text), run.text
        assert in_state(json.dumps(project.exported())) == on_swarm(client, STACK)
    finally:
        other.remove()


def test_the_next_destroy_leaves_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    run = project.run(*DESTROY)
    assert run.code == 0, run.text
    assert quiet(run.text)
    assert on_swarm(swarm_dev.client(), STACK) == set()
    assert project.exported()["deployment"].get("resources", []) == []
