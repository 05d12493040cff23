"""What a newcomer reads where `pulumi` cannot go on: the reason in words, no traceback, and nothing changed.

Nothing here asks for hosts; what a policy, drift or a resource removed by hand says is in `pulumi_cli/test_swarm.py`.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from drills.commands import Run
from sandbox.hosts.waiting import wait_until
from sandbox.pulumi.stand_ins.environment import BIN
from tests.live.dev.stacks import SMALL, Settings, StackFile
from tests.live.pulumi_cli.project import Project

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]

NOBODY = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
NO_CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "gone",
    "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "nobody"}}],
    "clusters": [{"name": "gone", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
}
ON_KUBERNETES = {**SMALL, "platform": {"kind": "kubernetes", "nodes": 3}}
WAITS = """\
import pathlib, time
pathlib.Path("started").touch()
while not pathlib.Path("ends").exists():
    time.sleep(0.1)
"""
"""A program that is at work until it is told to end."""


@pytest.fixture(scope="module")
def project(pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A stack with nothing in it, and hosts that do not answer."""
    made = Project(pulumi_command, tmp_path_factory.mktemp("project"), NOBODY)
    StackFile(made.stack_file, SMALL)
    made.init()
    return made


def refused(run: Run, *words: str) -> None:
    """It failed with these words, and not with Python's."""
    assert run.code != 0, run.text
    assert "Traceback" not in run.text, run.text
    assert "KeyboardInterrupt" not in run.text, run.text
    assert [word for word in words if word not in run.text] == [], run.text


def path_without_stand_ins(*more: Path) -> str:
    others = [part for part in os.environ["PATH"].split(os.pathsep) if part != str(BIN)]
    return os.pathsep.join([*map(str, more), *others])


@pytest.mark.parametrize("command", ["preview", "up"])
def test_no_language_plugin(project: Project, command: str) -> None:
    words = ("no language plugin", "pulumi-language-python")
    refused(project.run(command, *skipping(command), PATH=path_without_stand_ins()), *words)


def test_no_provider_plugin(project: Project, tmp_path: Path) -> None:
    language = tmp_path / "pulumi-language-python"
    language.write_text(f'#!/bin/sh\nexec {BIN / language.name} "$@"\n')
    language.chmod(0o755)
    run = project.run("preview", PATH=path_without_stand_ins(tmp_path))
    refused(run, "no resource plugin", "pulumi-resource-docker")


def test_a_wrong_passphrase(project: Project) -> None:
    """It is found out before anything is read; where there is none, the variables to set are named."""
    for command in ("preview", "up"):
        run = project.run(command, *skipping(command), PULUMI_CONFIG_PASSPHRASE="another")
        refused(run, "incorrect passphrase")
    refused(project.run("preview", PULUMI_CONFIG_PASSPHRASE=None), "PULUMI_CONFIG_PASSPHRASE_FILE")


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_broken_stack_file(project: Project, command: str) -> None:
    """Every fault of it comes in one report."""
    broken = _written(project, "broken", _break)
    run = project.run(command, *skipping(command), "--config-file", str(broken))
    refused(run, "ha-platform:stack.caches.sessions.maxmemory", "ha-platform:stack.apps.web.port")


def test_a_broken_stack_file_in_json(project: Project) -> None:
    broken = _written(project, "broken", _break)
    run = project.run("preview", "--json", "--config-file", str(broken))
    refused(run, "ha-platform:stack.caches.sessions.maxmemory", "ha-platform:stack.apps.web.port")
    assert json.loads(run.out)["diagnostics"]


def test_a_stack_file_without_a_stack(project: Project, tmp_path: Path) -> None:
    empty = tmp_path / "Pulumi.empty.yaml"
    salt = yaml.safe_load(project.stack_file.read_text())["encryptionsalt"]
    empty.write_text(yaml.safe_dump({"encryptionsalt": salt, "config": {}}))
    refused(project.run("preview", "--config-file", str(empty)), "ha-platform:stack")


def test_no_docker_daemon(project: Project) -> None:
    refused(project.run("preview"), "tcp://127.0.0.1:1 does not answer", "failed to connect to any docker daemon")
    refused(project.run(*skipping("up", verb=True)), "failed to connect to any docker daemon")


def test_no_cluster(pulumi_command: Path, tmp_path: Path) -> None:
    """A preview shows what it can, and says what that is worth."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(NO_CLUSTER))
    project = Project(pulumi_command, tmp_path, {"KUBECONFIG": str(kubeconfig)})
    StackFile(project.stack_file, ON_KUBERNETES)
    project.init()
    shown = project.run("preview")
    assert shown.code == 0, shown.text
    assert "the API server 127.0.0.1:1 of the context gone does not answer" in shown.text
    refused(project.run(*skipping("up", verb=True)), "the Kubernetes API server 127.0.0.1:1", "does not answer")
    assert project.exported()["deployment"].get("pending_operations", []) == []


def test_two_at_once(project: Project, tmp_path: Path) -> None:
    """The second one is told who is at work, and the first one goes on."""
    with _at_work(project, tmp_path) as first:
        refused(project.run(*skipping("up", verb=True)), "the stack is currently locked", f"pid {first.pid}")
        (tmp_path / "ends").touch()
        assert first.wait(300) == 0
    assert project.exported()["deployment"].get("pending_operations", []) == []


def skipping(command: str, *, verb: bool = False) -> tuple[str, ...]:
    """What keeps `up` from asking."""
    asks = ("--yes", "--skip-preview") if command == "up" else ()
    return (command, *asks) if verb else asks


def _break(settings: Settings) -> None:
    settings["caches"]["sessions"]["maxmemory"] = "much"
    settings["apps"]["web"]["port"] = 70000


def _written(project: Project, name: str, change: object) -> Path:
    """The stack file with a change, beside it."""
    document = yaml.safe_load(project.stack_file.read_text())
    assert callable(change)
    change(document["config"]["ha-platform:stack"])
    path = project.directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@contextmanager
def _at_work(project: Project, directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`pulumi up` in the middle of a program that waits."""
    (directory / "__main__.py").write_text(WAITS)
    other = Project(project.pulumi, project.directory, project.target, program=directory)
    line = [str(project.pulumi), "--non-interactive", "--stack", project.stack, "up", "--yes", "--skip-preview"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(line, cwd=other.directory, env=other.environment, **quiet)  # type: ignore[call-overload]
    try:
        wait_until((directory / "started").exists, "the program runs", 180)
        Project(project.pulumi, project.directory, project.target)
        yield process
    finally:
        process.kill()
        process.wait()
