"""CI calls what exists, by scripts that people can run, with as few rights as it needs."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks.fixtures import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
GITLAB = REPOSITORY / ".gitlab-ci.yml"
SCRIPTS = sorted((REPOSITORY / ".ci").iterdir())
SCRIPT = re.compile(r"\.ci/[a-z]+")
MAY_WRITE = {
    "preview.yml": {"pull-requests"},
    "deploy.yml": {"contents"},
    "deploy-stack.yml": {"contents"},
    "drift.yml": {"issues"},
}
HAVE_SECRETS = {"preview.yml", "deploy.yml", "deploy-stack.yml", "drift.yml"}


def _document(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def _steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in _document(workflow)["jobs"].values() for step in job.get("steps", ())]


def _commands(workflow: Path) -> list[str]:
    return [step["run"] for step in _steps(workflow) if "run" in step]


def _gitlab_commands() -> list[str]:
    jobs = [job for job in _document(GITLAB).values() if isinstance(job, dict)]
    return [line for job in jobs for key in ("before_script", "script") for line in job.get(key, ())]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_scripts_that_can_be_run(workflow: Path) -> None:
    scripts = {script for command in _commands(workflow) for script in SCRIPT.findall(command)}
    called = [job["uses"] for job in _document(workflow)["jobs"].values() if "uses" in job]
    assert scripts or called, "the work is done by a script of the repository, which people can run, too"
    for script in scripts:
        assert os.access(REPOSITORY / script, os.X_OK), f"{script} cannot be run"
    for one in called:
        assert (REPOSITORY / one).is_file()


def test_gitlab_calls_the_same_scripts_but_the_long_tests_and_the_scan() -> None:
    gitlab = {script for command in _gitlab_commands() for script in SCRIPT.findall(command)}
    github = {script for workflow in WORKFLOWS for command in _commands(workflow) for script in SCRIPT.findall(command)}
    assert github - gitlab == {".ci/run", ".ci/scan"}
    assert gitlab <= github


def test_every_script_is_called() -> None:
    texts = [command for workflow in WORKFLOWS for command in _commands(workflow)]
    texts += [path.read_text().partition("set -euo pipefail")[2] for path in SCRIPTS]
    called = {script for text in texts for script in SCRIPT.findall(text)}
    assert {f".ci/{path.name}" for path in SCRIPTS} <= called


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_its_commit(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)", workflow.read_text())
    for one in used:
        assert one.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_the_rights_that_it_needs(workflow: Path) -> None:
    document = _document(workflow)
    assert document["permissions"] == {"contents": "read"}
    written = {
        name
        for job in document["jobs"].values()
        for name, right in job.get("permissions", {}).items()
        if right == "write"
    }
    assert written == MAY_WRITE.get(workflow.name, set())
    for step in _steps(workflow):
        if "checkout" in step.get("uses", "") and "contents" not in written:
            assert step["with"]["persist-credentials"] is False, "no token stays on the disk of a job that only reads"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_what_others_wrote_reaches_no_command_and_no_secret(workflow: Path) -> None:
    assert "pull_request_target" not in workflow.read_text(), "a fork's code would run with secrets"
    for command in _commands(workflow):
        assert "${{" not in command, "a name of a branch would be a command; give it as a variable"
    assert ("secrets" in workflow.read_text()) is (workflow.name in HAVE_SECRETS)


@pytest.mark.parametrize(("name", "stack"), [("deploy-stack.yml", "inputs.stack"), ("drift.yml", "matrix.stack")])
def test_one_run_at_a_time_has_a_stack(name: str, stack: str) -> None:
    (job,) = _document(REPOSITORY / ".github/workflows" / name)["jobs"].values()
    assert job["concurrency"] == {"group": f"stack-${{{{ {stack} }}}}", "cancel-in-progress": False}


def test_the_cli_is_as_new_as_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    for name in ("deploy-stack.yml", "drift.yml"):
        assert f"pulumi-version: {sdk}\n" in (REPOSITORY / ".github/workflows" / name).read_text()
    assert f"pulumi-v{sdk}-linux" in GITLAB.read_text()
