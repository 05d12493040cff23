"""What the CLI does to stack files that people copy. No host is needed."""

from pathlib import Path

import pytest

from tests.live.dev.commands import Commands
from tests.live.pulumi_cli.project import Project, with_pulumi
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(900)]

COPIED = ("Pulumi.dev.yaml", "Pulumi.prod.yaml", "tests/stacks/ok/prod-on-swarm.yaml")


@pytest.mark.parametrize("name", COPIED)
def test_a_secret_is_added_and_nothing_else_changes(pulumi_command: Path, tmp_path: Path, name: str) -> None:
    project = Project(pulumi_command, tmp_path, {"DOCKER_HOST": "tcp://127.0.0.1:1"})
    shipped = (REPOSITORY / name).read_text()
    project.init()
    project.stack_file.write_text(shipped)
    given = project.run("config", "set", "--secret", "--path", "ha-platform:secrets.site_key", text="a secret")
    assert given.code == 0, given.text
    written = project.stack_file.read_text()
    assert written.startswith(shipped)
    added = [line.split(":")[0] for line in written.removeprefix(shipped).splitlines()]
    assert added == ["  ha-platform", "    site_key", "      secure", "encryptionsalt"]


def test_the_advice_after_destroy_would_delete_the_stack_file(pulumi_command: Path, tmp_path: Path) -> None:
    """What the README and `make down` keep people from."""
    for option in ((), ("--preserve-config",)):
        project = Project(pulumi_command, tmp_path, {"DOCKER_HOST": "tcp://127.0.0.1:1"})
        project.init()
        assert project.stack_file.exists()
        removed = project.run("stack", "rm", "--yes", *option)
        assert removed.code == 0, removed.text
        assert project.stack_file.exists() == bool(option)


def test_a_preview_by_make_leaves_the_tracked_files_alone(pulumi_command: Path, tmp_path: Path) -> None:
    """Without a host it fails, after the CLI read the stack's file."""
    before = [(REPOSITORY / name).read_text() for name in COPIED]
    more = {
        **with_pulumi(pulumi_command),
        "HA_SANDBOX": str(tmp_path / "sandbox"),
        "PULUMI_HOME": str(tmp_path / "home"),
        "ENGINE": "pulumi",
    }
    run = Commands(tmp_path / "state", more).cli("preview", "dev")
    assert "Previewing update (dev)" in run.out, run.text
    assert "encryptionsalt: v1:" in (tmp_path / "state/project/Pulumi.dev.yaml").read_text()
    assert [(REPOSITORY / name).read_text() for name in COPIED] == before
