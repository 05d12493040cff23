"""The fake provider, registered as package `fake`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine import providers
from tests.engine.fakes import FakeProvider
from tests.engine.program import Program
from tests.engine.stack import Stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """An empty stack whose objects are files below tmp_path."""
    monkeypatch.setitem(providers.PACKAGES, "fake", "tests.engine.fakes:FakeProvider")
    monkeypatch.setattr(FakeProvider, "root", tmp_path)
    monkeypatch.setattr(FakeProvider, "unreachable", "")
    return Stack(tmp_path)


@pytest.fixture
def program(stack: Stack, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("HA_STATE", str(stack.root))
    root = stack.root / "program"
    root.mkdir()
    return Program(root, stack, capfd)
