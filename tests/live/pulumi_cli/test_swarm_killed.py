"""An `up` of the CLI that is killed in the middle, on a Swarm: what stops the next one, and both ways on.

The tests go on with each other's stack, in this order.
"""

import copy
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import in_state, on_swarm
from tests.live.dev.stacks import SMALL, Change, Settings, StackFile
from tests.live.pulumi_cli import readme
from tests.live.pulumi_cli.project import SECRET, UNCHANGED, Project, quiet
from tests.live.pulumi_cli.test_swarm import containers
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900, func_only=True)]

STACK = "mine"
UP = ("up", "--yes", "--skip-preview")
SETTINGS = copy.deepcopy(SMALL)
SETTINGS["apps"]["web"] |= {
    "secrets": {"key": "site_key"},
    "migrations": {"command": ["true"], "retries": 0, "deadline": "60s"},
}
del SETTINGS["caches"]
SETTINGS["balancers"]["edge"] |= {"listen": {"http": 8280}, "status": {"port": 8604}}  # other tests have SMALL's own


def with_cache(settings: Settings) -> None:
    settings["caches"] = copy.deepcopy(SMALL["caches"])


def with_failing_migration(settings: Settings) -> None:
    settings["apps"]["web"]["migrations"]["command"] = ["sh", "-c", "cat /run/secrets/key; exit 3"]


@pytest.fixture(scope="module")
def project(
    swarm_dev: SwarmCluster, pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The stack, initialised; removed at the end, whatever happened to it."""
    target = {"DOCKER_HOST": swarm_dev.docker_host}
    made = Project(pulumi_command, tmp_path_factory.mktemp("project"), target, stack=STACK)
    (made.directory / "policies").symlink_to(REPOSITORY / "policies")  # the README is read in the repository
    StackFile(made.stack_file, SETTINGS)
    made.init()
    given = made.run("config", "set", "--secret", "--path", "ha-platform:secrets.site_key", text=SECRET)
    assert given.code == 0, given.text
    try:
        yield made
    finally:
        made.run("cancel", "--yes")
        made.run("destroy", "--yes", "--skip-preview")


def change(project: Project, by: Change) -> None:
    """The CLI's own lines in the stack file stay."""
    document = yaml.safe_load(project.stack_file.read_text())
    by(document["config"]["ha-platform:stack"])
    project.stack_file.write_text(yaml.safe_dump(document, sort_keys=False))


def exists(swarm: SwarmCluster, service: str) -> Callable[[], bool]:
    return lambda: any(one.name == f"{STACK}-{service}" for one in swarm.client().services.list())


def settled(project: Project, swarm: SwarmCluster) -> None:
    """The state is what the stack wants, and what the Swarm has; a network goes with its last container."""
    unchanged = project.run(*UNCHANGED)
    assert unchanged.code == 0, unchanged.text
    known = in_state(project.run("stack", "export").out)
    wait_until(lambda: on_swarm(swarm.client(), STACK) == known, f"no orphans beside {known}", 180, every=0.5)


def test_the_next_up_is_refused_and_then_finds_what_the_killed_one_made(
    project: Project, swarm_dev: SwarmCluster
) -> None:
    project.stop(*UP, when=exists(swarm_dev, "web"))
    locked = project.run(*UP)
    assert locked.code != 0
    assert "the stack is currently locked by 1 lock(s)" in locked.text
    assert quiet(locked.text), locked.text
    cancelled = project.run("cancel", "--yes")
    assert cancelled.code == 0, cancelled.text
    again = project.run(*UP)
    assert again.code != 0
    assert re.search(r"with \d+ pending operations from previous deployment", again.text)
    assert re.search(rf"service.*{STACK}-web.*already exists", again.text), again.text
    assert quiet(again.text), again.text


def test_the_commands_of_the_readme_go_on(project: Project, swarm_dev: SwarmCluster) -> None:
    run = project.lines(readme.commands("docker"))
    assert run.code == 0, run.text
    assert "pending operations from previous" not in run.text
    settled(project, swarm_dev)


def test_an_up_that_is_interrupted_says_no_more_than_that(project: Project, swarm_dev: SwarmCluster) -> None:
    change(project, with_cache)
    run = project.stop(*UP, when=exists(swarm_dev, "sessions-redis-0"), by=signal.SIGINT)
    assert run.code != 0
    assert quiet(run.text), run.text


def test_make_up_goes_on_and_restarts_nothing(project: Project, swarm_dev: SwarmCluster) -> None:
    ran = containers(swarm_dev, STACK)
    assert ran
    project.stop(*UP, when=exists(swarm_dev, "sessions-sentinel-0"))
    preview = project.make("preview")
    assert preview.code == 0, preview.text
    assert "was killed while creating Service sessions-sentinel-0" in preview.err
    run = project.make("up")
    assert run.code == 0, run.text
    assert f"service {STACK}-sessions-sentinel-0: ready, and adopted" in run.out
    assert quiet(run.text), run.text
    assert ran <= containers(swarm_dev, STACK)
    settled(project, swarm_dev)


def test_make_up_says_what_a_failing_migration_said(project: Project, swarm_dev: SwarmCluster) -> None:
    ran = containers(swarm_dev, STACK)
    change(project, with_failing_migration)
    run = project.make("up")
    assert run.code != 0
    assert "update paused due to failure or early termination of task" in run.text  # the provider's own words
    assert f"{STACK}-web-migrate: a task failed with exit code 3" in run.err
    assert "    | [secret]\n" in run.err
    assert quiet(run.text), run.text
    assert SECRET not in run.text
    assert len(ran - containers(swarm_dev, STACK)) == 1, "the migration's own"
