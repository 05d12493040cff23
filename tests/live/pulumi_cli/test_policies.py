"""The policy pack under the CLI and under the sandbox engine, configured by the same file."""

import subprocess
import sys
from pathlib import Path

import pytest

from drills.engine import PASSPHRASE
from tests.live.pulumi_cli.project import Project
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]

PACK = REPOSITORY / "policies"
NO_DOCKER = {"DOCKER_HOST": "tcp://127.0.0.1:1"}


def project(pulumi_command: Path, directory: Path) -> Project:
    made = Project(pulumi_command, directory, NO_DOCKER, stack="dev")
    made.stack_file.write_text((REPOSITORY / "Pulumi.dev.yaml").read_text())
    made.init()
    return made


def of_the_sandbox(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sandbox.engine", "preview", "-s", "dev", "--json", *arguments]
    line += ["--stack-file", str(project.stack_file)]
    own = {"HA_OFFLINE": "1", "HA_STATE": str(project.directory / "state"), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    return subprocess.run(
        line, cwd=REPOSITORY, env={**project.environment, **own}, capture_output=True, text=True, check=False
    )


def test_both_engines_refuse_an_override_without_a_reason(pulumi_command: Path, tmp_path: Path) -> None:
    of_dev = project(pulumi_command, tmp_path)
    file = tmp_path / "levels.json"
    file.write_text('{"image-is-pinned": "disabled"}')
    given = ("--policy-pack", str(PACK), "--policy-pack-config", str(file))
    by_the_cli = of_dev.run("preview", *given, HA_OFFLINE="1")
    by_the_sandbox = of_the_sandbox(of_dev, *given)
    for code, text in ((by_the_cli.code, by_the_cli.text), (by_the_sandbox.returncode, by_the_sandbox.stderr)):
        assert code != 0
        assert "image-is-pinned: disabled instead of mandatory, without a reason; add `reason`" in text
