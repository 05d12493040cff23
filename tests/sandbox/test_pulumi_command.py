"""Which Pulumi CLI is used, what it is built from, and what a person reads where there is none."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox.hosts.errors import HostError
from sandbox.pulumi import command
from sandbox.pulumi.__main__ import main
from tests.sandbox.fake_programs import fake


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of programs, and nothing else that could be a CLI or build one."""
    monkeypatch.setenv("HA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return tmp_path / "bin"


def test_module_file_pins_one_version_that_is_not_older_than_the_sdk() -> None:
    text = (command.PROGRAM.source / "go.mod").read_text()
    pinned = re.findall(r"^\tgithub\.com/pulumi/pulumi/(?:pkg|sdk)/v3 (\S+)", text, re.MULTILINE)
    assert pinned == [command.VERSION] * 2
    sdk = [int(part) for part in version("pulumi").split(".")]
    assert [int(part) for part in command.VERSION[1:].split(".")] >= sdk


def test_a_cli_on_path_is_used(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = fake(path / "pulumi", f"echo v{version('pulumi')}")
    assert main() == 0
    assert capsys.readouterr().out == f"pulumi: {found}\n"


@pytest.mark.parametrize("says", ["echo v3.100.0", "echo something", "exit 1"])
def test_a_cli_on_path_that_is_too_old_or_none_is_not_used(says: str, path: Path) -> None:
    fake(path / "pulumi", says)
    fake(path / "go", "[ $1 = env ] && echo go1.30.1 && exit; shift 6; echo built > $1/pulumi")
    assert command.ensure() == command.PROGRAM.directory() / "pulumi"
    assert (command.PROGRAM.directory() / "pulumi").read_text() == "built\n"


def test_without_the_module_one_line_says_what_is_used_instead(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake(path / "go", "[ $1 = env ] && echo go1.30.1 && exit; echo pkg/v3@v3.274.1: 403 Forbidden >&2; exit 1")
    assert main() == 1
    said = capsys.readouterr().err
    assert said.startswith("pulumi: NO PULUMI CLI, the sandbox engine is used instead: building the Pulumi CLI v3.")
    assert "403 Forbidden" in said
    with pytest.raises(HostError):
        command.ensure()
