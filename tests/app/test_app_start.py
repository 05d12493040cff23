"""Programs of the image that must end: with one sentence, and the right exit code."""

import os
import re
import time
from pathlib import Path

import pytest

from tests.app.process import run_module
from tests.loopback import free_port


@pytest.mark.parametrize("module", ["app", "app.worker"])
def test_a_planned_failure_says_its_reason(module: str) -> None:
    ended = run_module(module, env={"APP_FAIL_START": "model file missing"})
    assert ended.returncode == 1
    assert ended.stderr == "start refused by APP_FAIL_START: model file missing\n"


@pytest.mark.parametrize(
    ("module", "env", "expected"),
    [
        ("app", {"PORT": "x"}, "PORT is 'x'"),
        ("app.webhook", {"PORT": "0"}, "PORT is '0'"),
        ("app.worker", {}, "REDIS_SENTINELS is missing"),
        ("app.migrate", {}, "no database is configured"),
        ("app.migrate", {"MIGRATE_FAIL": "1"}, "refused by MIGRATE_FAIL=1"),
        ("app.migrate", {"DATABASE_URL_FILE": "/nowhere"}, "cannot be read"),
    ],
)
def test_a_wrong_start_is_one_sentence_and_exit_code_1(module: str, env: dict[str, str], expected: str) -> None:
    ended = run_module(module, env=env)
    assert ended.returncode == 1
    assert expected in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_migration_without_its_database_gives_up_with_one_sentence() -> None:
    url = f"postgresql://chat:hunter2@127.0.0.1:{free_port()}/chat"
    ended = run_module("app.migrate", env={"DATABASE_URL": url, "MIGRATE_WAIT_SECONDS": "1"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("migration failed: ConnectionRefusedError")
    assert "hunter2" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_worker_lives_as_long_as_its_heart_beats(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    env = {"WORKER_HEARTBEAT_FILE": str(heartbeat)}
    assert "No such file" in run_module("app.worker", "--check", env=env).stderr
    heartbeat.touch()
    assert run_module("app.worker", "--check", env=env).returncode == 0
    os.utime(heartbeat, (time.time() - 60, time.time() - 60))
    ended = run_module("app.worker", "--check", env=env)
    assert ended.returncode == 1
    assert re.fullmatch(r"the last heartbeat is 6\d s old, the limit 30 s\n", ended.stderr)
