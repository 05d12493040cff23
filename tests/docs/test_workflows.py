"""CI calls what exists."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks.fixtures import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))


def _commands(workflow: Path) -> list[str]:
    document: dict[str, Any] = yaml.safe_load(workflow.read_text())
    steps = [step for job in document["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_scripts_that_can_be_run(workflow: Path) -> None:
    scripts = {script for command in _commands(workflow) for script in re.findall(r"\.ci/[a-z]+", command)}
    assert scripts, "the work is done by a script of the repository, which people can run, too"
    for script in scripts:
        assert os.access(REPOSITORY / script, os.X_OK), f"{script} cannot be run"


def test_every_script_is_called() -> None:
    called = "\n".join(command for workflow in WORKFLOWS for command in _commands(workflow))
    scripts = {f".ci/{path.name}" for path in (REPOSITORY / ".ci").iterdir()}
    assert {script for script in scripts if script in called} == scripts
