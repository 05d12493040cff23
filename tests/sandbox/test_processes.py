"""Processes by pid and start time: the right one is ended, a reused pid never."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.hosts.processes import Process, only_child


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_record_finds_its_process_again(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record = tmp_path / "deep/record.json"
    Process.of(sleeper.pid).write(record)
    read = Process.read(record)
    assert read == Process.of(sleeper.pid)
    assert read is not None
    assert read.runs()


def test_a_reused_pid_is_another_process(sleeper: subprocess.Popen[bytes]) -> None:
    former = replace(Process.of(sleeper.pid), start=1)
    assert not former.runs()
    former.kill()
    assert sleeper.poll() is None, "the process that has the pid now must live"


def test_kill_ends_it(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    process.kill()
    assert not process.runs()


def test_a_broken_record_is_no_process(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    assert Process.read(record) is None
    for text in ("", "{", "[]", '{"pid": 1}'):
        record.write_text(text)
        assert Process.read(record) is None, text


def test_only_child_finds_a_child(sleeper: subprocess.Popen[bytes]) -> None:
    found = only_child(os.getpid())
    assert found is not None
    assert only_child(sleeper.pid) is None
