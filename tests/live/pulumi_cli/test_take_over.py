"""A stack goes from the sandbox engine to the CLI and back; nothing that runs is touched, and one of them holds it.

The tests go on with each other's stack, in this order.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.commands import Run, ended
from platforms.swarm.names import STACK_LABEL
from sandbox.hosts.swarm import SwarmCluster
from tests.live.dev.belongings import on_swarm, volumes_of
from tests.live.dev.commands import Commands
from tests.live.dev.stacks import SMALL, StackFile
from tests.live.pulumi_cli.project import with_pulumi
from tests.live.pulumi_cli.test_swarm import containers

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.slow, pytest.mark.timeout(900, func_only=True)]

STACK = "small"
FOREIGN = f"{STACK}-of-another"


class Trial:
    """The commands on one stack, on a machine with or without `pulumi`."""

    def __init__(self, directory: Path, swarm: SwarmCluster, pulumi: Path) -> None:
        self.file = StackFile(directory / f"Pulumi.{STACK}.yaml", SMALL).path
        self.state = directory / "state"
        self.swarm = swarm
        self.with_pulumi = with_pulumi(pulumi, swarm.docker_host)
        self.own = {"HOST": swarm.docker_host, "PULUMI_HOME": str(directory / "home"), "NO_COLOR": "1"}

    def without(self, command: str, **more: str) -> Run:
        """As it was before `pulumi` was installed."""
        return self._run(command, {**self.own, "ENGINE": "sandbox", **more})

    def installed(self, command: str, engine: str = "", **more: str) -> Run:
        """`pulumi` is on PATH."""
        return self._run(command, {**self.own, **self.with_pulumi, "ENGINE": engine, **more})

    def shell(self, script: str, text: str = "") -> Run:
        """A script of a person who has `pulumi`, after `eval "$(make -s env)"`."""
        given = {**Commands(self.state).environment, **self.own, **self.with_pulumi, "ENGINE": ""}
        given |= {"STACK_FILE": str(self.file), "PULUMI_BACKEND_URL": (self.state / "pulumi").as_uri()}
        given["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self.state / "passphrase")
        return ended(["bash", "-euc", script], given, text=text, seconds=300)

    def archive(self) -> Path:
        """What the newest take-over put aside."""
        return max((self.state / "taken-over").iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def _run(self, command: str, more: dict[str, str]) -> Run:
        return Commands(self.state, more).cli(command, STACK, stack_file=self.file)


@pytest.fixture(scope="module")
def trial(swarm_dev: SwarmCluster, pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The stack, deployed by the sandbox engine; removed at the end, whoever holds it then."""
    made = Trial(tmp_path_factory.mktemp("take-over"), swarm_dev, pulumi_command)
    try:
        up = made.without("up")
        assert up.code == 0, up.text
        yield made
    finally:
        made.without("down")
        made.installed("down")


@pytest.fixture(scope="module")
def ran(trial: Trial) -> set[str]:
    """The containers that ran before anything was taken over."""
    return containers(trial.swarm, STACK)


def holds(trial: Trial, engine: str) -> None:
    """That `engine` says what runs, and the other one refuses."""
    run = trial.installed("status", engine)
    assert run.code == 0, run.text
    other = trial.installed("status", {"sandbox": "pulumi", "pulumi": "sandbox"}[engine])
    assert other.code == 1
    assert f"ENGINE={engine}\n" in other.err
    assert "not deployed" not in other.text


def test_installing_pulumi_changes_no_engine(trial: Trial, ran: set[str]) -> None:
    text = trial.file.read_text()
    for command in ("up", "down", "env"):
        run = trial.installed(command)
        assert run.code == 1, run.text
        assert "held by the sandbox engine" in run.err
        assert f"make take-over STACK={STACK} STACK_FILE={trial.file} ENGINE=pulumi" in run.err
    assert containers(trial.swarm, STACK) == ran
    assert not (trial.state / "pulumi").exists()
    assert trial.file.read_text() == text


def test_the_cli_takes_it_over(trial: Trial, ran: set[str]) -> None:
    text = trial.file.read_text()
    run = trial.installed("take-over", "pulumi")
    assert run.code == 0, run.text
    assert re.search(r"\d+ resources of stack small, none made or removed$", run.out, re.MULTILINE), run.out
    assert containers(trial.swarm, STACK) == ran
    assert not (trial.state / f"{STACK}.json").exists()
    kept = trial.archive().read_text()
    assert '"ciphertext"' in kept
    assert '"plaintext"' not in kept
    assert trial.file.read_text() == text, "the CLI's salt is elsewhere"
    holds(trial, "pulumi")


def test_plain_pulumi_goes_on_with_the_printed_variables(trial: Trial, ran: set[str]) -> None:
    printed = trial.installed("env", "pulumi")
    assert printed.code == 0, printed.text
    names = {line.removeprefix("export ").partition("=")[0] for line in printed.out.splitlines()}
    assert {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "DOCKER_HOST"} <= names
    assert (trial.state / "passphrase").read_text().strip() not in printed.text
    copy = trial.file.with_name("copy.yaml")
    copy.write_text(trial.file.read_text())
    script = (
        f'unset PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE_FILE; eval "$(make -s env STACK={STACK})"; '
        f"pulumi --non-interactive preview -s {STACK} --config-file {shlex.quote(str(copy))} --expect-no-changes"
    )
    run = trial.shell(script)
    assert run.code == 0, run.text
    assert containers(trial.swarm, STACK) == ran


def test_what_was_killed_on_the_way_is_run_again(trial: Trial, ran: set[str]) -> None:
    """The new place has the state, and the old one still does."""
    back = trial.shell(
        f".venv/bin/python -m sandbox.engine import -s {STACK} --stack-file {shlex.quote(str(trial.file))} "
        f"{shlex.quote(str(trial.archive()))}"
    )
    assert back.code == 0, back.text
    for engine in ("sandbox", "pulumi"):
        run = trial.installed("up", engine)
        assert run.code == 1
        assert "has 2 states" in run.err
    run = trial.installed("take-over", "pulumi")
    assert run.code == 0, run.text
    assert containers(trial.swarm, STACK) == ran
    holds(trial, "pulumi")


def test_the_sandbox_engine_takes_it_back(trial: Trial, ran: set[str]) -> None:
    run = trial.installed("take-over", "sandbox")
    assert run.code == 0, run.text
    assert "none made or removed\n" in run.out
    assert containers(trial.swarm, STACK) == ran
    holds(trial, "sandbox")
    up = trial.without("up")
    assert "no changes" in up.out, up.text
    assert containers(trial.swarm, STACK) == ran


def test_what_would_be_made_or_removed_is_not_taken_over(trial: Trial, ran: set[str]) -> None:
    """The stack file has an application more than what runs."""
    text = trial.file.read_text()
    settings = json.loads(json.dumps(SMALL))
    settings["apps"]["more"] = {**settings["apps"]["web"], "replicas": 1}
    StackFile(trial.file, settings)
    run = trial.installed("take-over", "pulumi")
    trial.file.write_text(text)
    assert run.code == 1, run.text
    assert re.search(r"would not leave what runs as it is: \d+ to create", run.err), run.err
    holds(trial, "sandbox")
    assert containers(trial.swarm, STACK) == ran


def test_two_different_states_are_not_merged(trial: Trial, ran: set[str]) -> None:
    state = json.loads(trial.archive().read_text())
    state["deployment"]["resources"] = state["deployment"]["resources"][:3]
    project = shlex.quote(str(trial.state / "project"))
    given = trial.shell(
        f"cd {project}; pulumi stack select --create {STACK}; pulumi stack import -s {STACK}", json.dumps(state)
    )
    assert given.code == 0, given.text
    for engine in ("sandbox", "pulumi"):
        run = trial.installed("take-over", engine)
        assert run.code == 1, run.text
        assert "has 2 states" in run.err
        assert f"pulumi stack rm {STACK} --force --preserve-config" in run.err
    given_up = trial.shell(f"cd {project}; pulumi stack rm {STACK} --force --preserve-config --yes")
    assert given_up.code == 0, given_up.text
    holds(trial, "sandbox")
    assert containers(trial.swarm, STACK) == ran


def test_a_lost_state_is_not_called_not_deployed(trial: Trial, ran: set[str], tmp_path: Path) -> None:
    for command in ("up", "down", "status"):
        run = Commands(tmp_path, trial.own).cli(command, STACK, stack_file=trial.file)
        assert run.code == 1, run.text
        assert "run on the Docker host" in run.err
        assert "no state that is known here has them" in " ".join(run.err.split())
        assert "not deployed" not in run.text
    assert containers(trial.swarm, STACK) == ran


def test_down_by_the_cli_leaves_the_file_and_what_its_state_does_not_hold(trial: Trial) -> None:
    client = trial.swarm.client()
    assert trial.installed("take-over", "pulumi").code == 0
    client.volumes.create(FOREIGN, labels={STACK_LABEL: STACK})
    try:
        run = trial.installed("down", "pulumi")
        assert run.code == 0, run.text
        assert f"kept volume {FOREIGN}" in run.out
        assert "is removed from the Pulumi CLI" in run.out
        assert "`pulumi stack rm` has nothing to do" in run.out
        assert volumes_of(client, STACK) == [FOREIGN]
    finally:
        client.volumes.get(FOREIGN).remove()
    assert on_swarm(client, STACK) == set()
    assert trial.file.exists()
    listed = trial.shell("pulumi stack ls --json")
    assert json.loads(listed.out) == []
    again = trial.installed("down", "pulumi")
    assert again.code == 0, again.text
    assert "is not deployed" in again.out
