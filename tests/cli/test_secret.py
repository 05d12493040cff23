"""`make secret` under the sandbox engine: the value goes from standard input into the stack file, encrypted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli.stack_file import REPOSITORY

VALUE = "hunter2-hunter2"


def _secret(tmp_path: Path, *key: str, text: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "stack.yaml"
    if not path.exists():
        path.write_text("config:\n  ha-platform:stack: {platform: {kind: swarm}}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    environment = {**kept, "ENGINE": "sandbox", "HA_STATE": str(tmp_path / "state"), "STACK_FILE": str(path)}
    return subprocess.run(
        [sys.executable, "-m", "cli", "secret", "dev", *key],
        cwd=REPOSITORY, env=environment, input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_secret_is_stored_encrypted_and_never_shown(tmp_path: Path) -> None:
    done = _secret(tmp_path, "api_key", text=f"{VALUE}\n")
    assert done.returncode == 0, done.stderr
    assert "api_key is stored, encrypted" in done.stdout
    assert f"`make up STACK=dev STACK_FILE={tmp_path}/stack.yaml` applies it" in done.stdout
    written = (tmp_path / "stack.yaml").read_text()
    assert VALUE not in done.stdout + done.stderr + written
    assert yaml.safe_load(written)["config"]["ha-platform:secrets"]["api_key"]["secure"].startswith("v1:")


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ((), VALUE, "KEY is missing"),
        (("Api.Key",), VALUE, "KEY=Api.Key is not a name of a secret"),
        (("api_key",), "\n", "the value of api_key is empty; give it on standard input"),
    ],
)
def test_what_cannot_be_stored(tmp_path: Path, key: tuple[str, ...], text: str, said: str) -> None:
    done = _secret(tmp_path, *key, text=text)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert VALUE not in done.stdout + done.stderr
