"""What is built, where it is cached, and what a person reads when it cannot be built."""

import re
from pathlib import Path

import pytest

from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes import binaries, toolchain

_GO_MOD = Path(binaries.__file__).with_name("build") / "go.mod"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fake_go(directory: Path, version: str, build: str) -> Path:
    """A program named go that reports `version` and runs `build` for everything else."""
    directory.mkdir(exist_ok=True)
    program = directory / "go"
    program.write_text(f'#!/bin/sh\n[ "$1" = env ] && echo {version} && exit\n{build}\n')
    program.chmod(0o755)
    return program


def test_module_file_pins_the_version_and_its_staging_modules() -> None:
    text = _GO_MOD.read_text()
    assert re.search(rf"^\tk8s\.io/kubernetes {re.escape(binaries.VERSION)}", text, re.MULTILINE)
    replaced = re.findall(r"^\tk8s\.io/\S+ => k8s\.io/\S+ (\S+)$", text, re.MULTILINE)
    assert len(replaced) > 20
    assert set(replaced) == {binaries.VERSION.replace("v1.", "v0.", 1)}


def test_cache_directory_follows_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    sources = tmp_path / "build"
    sources.mkdir()
    (sources / "go.mod").write_text("module one\n")
    monkeypatch.setattr(binaries, "_SOURCE", sources)
    first = binaries.directory()
    assert first.parent == empty_cache / "kubernetes"
    assert binaries.directory() == first
    (sources / "go.mod").write_text("module two\n")
    assert binaries.directory() != first


def test_failed_build_shows_its_last_lines_and_leaves_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    fake_go(tmp_path / "bin", "go1.30.1", "echo first >&2; echo main.go:7: undefined >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    with pytest.raises(HostError, match=r"building Kubernetes v1\.34\.4 in .* failed.*\n.*\n.*main\.go:7: undefined"):
        binaries.ensure()
    assert empty_cache.exists()
    assert not binaries.directory().exists()


def test_built_programs_are_used_without_go(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    directory = binaries.directory()
    directory.mkdir(parents=True)
    for name in binaries.NAMES:
        (directory / name).touch()
    monkeypatch.setenv("PATH", "")
    assert binaries.ensure() == directory
    assert directory.is_relative_to(empty_cache)


@pytest.mark.usefixtures("empty_cache")
def test_new_enough_go_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_go(tmp_path / "bin", "go1.24.0", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert toolchain.find_go() == str(program)


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("version", [None, "go1.23.9", "devel"])
def test_without_go_and_without_pip_one_sentence_says_so(
    version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version:
        fake_go(tmp_path / "bin", version, "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(HostError, match=r"Go 1\.24 or newer: PATH has none.*pip could not install.*install Go"):
        toolchain.find_go()
