"""What the commands say of a stack file that is refused."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from cli.check import check
from cli.errors import CommandError
from cli.stack_file import stack_file
from tests.stacks.fixtures import GOOD, settings_of


def test_the_fix_of_a_secret_that_was_not_given_is_a_command_to_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"]["secrets"] = {"key": "api_key"}
    path = tmp_path / "Pulumi.mine.yaml"
    path.write_text(yaml.safe_dump({"config": {"ha-platform:stack": settings}}))
    monkeypatch.setenv("STACK_FILE", str(path))
    with pytest.raises(CommandError) as refused:
        check(stack_file())
    (command,) = re.findall("`([^`]+)`", str(refused.value))
    assert shlex.split(command) == ["make", "secret", "STACK=mine", f"STACK_FILE={path}", "KEY=api_key"]
