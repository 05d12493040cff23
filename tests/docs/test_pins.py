"""What Renovate would read, and what hooks would run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks.fixtures import REPOSITORY

RENOVATE: dict[str, Any] = json.loads((REPOSITORY / "renovate.json").read_text())


def _files(patterns: list[str]) -> list[Path]:
    expressions = [re.compile(pattern.strip("/")) for pattern in patterns]
    tracked = [*REPOSITORY.glob(".*.yml"), *REPOSITORY.glob(".ci/*"), *REPOSITORY.glob(".github/workflows/*")]
    tracked += REPOSITORY.glob("settings/image_pins/*.toml")
    return [path for path in tracked if any(one.search(str(path.relative_to(REPOSITORY))) for one in expressions)]


@pytest.mark.parametrize("manager", RENOVATE["customManagers"], ids=lambda one: one["description"])
def test_every_expression_finds_its_pins(manager: dict[str, Any]) -> None:
    files = _files(manager["managerFilePatterns"])
    assert files
    for text in manager["matchStrings"]:
        expression = re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", text))
        assert any(expression.search(path.read_text()) for path in files), text


def test_every_pinned_image_is_found() -> None:
    manager = RENOVATE["customManagers"][0]
    text = (REPOSITORY / "settings/image_pins/upstream.toml").read_text()
    expression = re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", manager["matchStrings"][0]))
    assert len(expression.findall(text)) == len(re.findall(r"^ref = ", text, re.MULTILINE)) > 5


def test_hooks_run_programs_of_the_requirements() -> None:
    (local,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    wanted = (REPOSITORY / "requirements-dev.txt").read_text()
    for hook in local["hooks"]:
        program = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert f"\n{program}==" in wanted
