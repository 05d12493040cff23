"""What the commands say of a stack file that is refused."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from cli.check import check
from cli.errors import CommandError
from cli.places import own_backend
from cli.stack_file import StackFile, stack_file
from tests.stacks.fixtures import GOOD, settings_of

SECRETS = settings_of(GOOD[0])[1]


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


def test_texts_that_the_cli_loses_are_refused_under_the_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"]["env"] = {"SUFFIX": "\n\n###\n\n"}
    stack = StackFile(name="mine", path=tmp_path / "mine.yaml", document=settings, secret_names=SECRETS)
    monkeypatch.setenv("ENGINE", "sandbox")
    assert check(stack).apps["web"].env == {"SUFFIX": "\n\n###\n\n"}
    monkeypatch.setattr("cli.check.chosen_place", own_backend)
    with pytest.raises(CommandError, match=r"apps\.web\.env\.SUFFIX: starts with a line break"):
        check(stack)
