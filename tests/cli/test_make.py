"""The Makefile hands STACK, STACK_FILE, APP and KEY to the commands as they were given."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.stack_file import REPOSITORY


def _commands(target: str, *variables: str) -> list[str]:
    """What `make` would run."""
    kept = {name: value for name, value in os.environ.items() if name not in ("STACK", "STACK_FILE", "KEY")}
    line = ["make", "--no-print-directory", "-n", target, *variables]
    done = subprocess.run(line, cwd=REPOSITORY, env=kept, capture_output=True, text=True, timeout=60, check=True)
    return [said for said in done.stdout.splitlines() if "-m cli" in said]


@pytest.mark.parametrize("target", ["up", "preview", "down", "status"])
def test_without_stack_the_command_chooses(target: str, tmp_path: Path) -> None:
    assert _commands(target, f"STACK_FILE={tmp_path}/Pulumi.mine.yaml") == [f'.venv/bin/python -m cli {target} ""']
    assert _commands(target, "STACK=prod") == [f'.venv/bin/python -m cli {target} "prod"']


def test_a_secret_of_the_chosen_stack() -> None:
    assert _commands("secret", "KEY=api_key") == ['.venv/bin/python -m cli secret "" "api_key"']


def test_logs_of_a_component() -> None:
    line = '.venv/bin/python -m cli logs "" "web"'
    assert _commands("logs", "APP=web") == [f'{line}  --since ""']
    assert _commands("logs", "APP=web", "FOLLOW=0") == [f'{line}  --since ""']
    assert _commands("logs", "APP=web", "FOLLOW=1", "SINCE=10m") == [f'{line} --follow --since "10m"']


def test_a_restart_of_a_component() -> None:
    assert _commands("restart", "STACK=prod", "APP=main") == ['.venv/bin/python -m cli restart "prod" "main"']


def test_a_switchover_of_a_database() -> None:
    line = '.venv/bin/python -m cli switchover "prod" "main"'
    assert _commands("switchover", "STACK=prod", "DB=main") == [f'{line} ""']
    assert _commands("switchover", "STACK=prod", "DB=main", "TO=main-pg-1") == [f'{line} "main-pg-1"']


def test_a_count_by_hand() -> None:
    line = '.venv/bin/python -m cli scale "" "web"'
    assert _commands("scale", "APP=web", "TO=6", "FOR=2h") == [f'{line} "6" "2h"']
    assert _commands("scale", "APP=web", "FOR=0") == [f'{line} "" "0"']
