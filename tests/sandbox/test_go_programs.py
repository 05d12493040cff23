"""What is built from Go modules, where it is cached, and what a person reads when it cannot be built."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.golang import toolchain
from sandbox.golang.programs import GoPrograms
from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes.binaries import PROGRAMS as KUBERNETES
from sandbox.pulumi.command import PROGRAM as PULUMI
from tests.sandbox.fake_programs import fake


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cache_directory_follows_the_sources(tmp_path: Path, empty_cache: Path) -> None:
    sources = tmp_path / "build"
    sources.mkdir()
    (sources / "go.mod").write_text("module one\n")
    programs = replace(KUBERNETES, source=sources)
    first = programs.directory()
    assert first.parent == empty_cache / "kubernetes"
    assert programs.directory() == first
    (sources / "go.mod").write_text("module two\n")
    assert programs.directory() != first


def test_failed_build_shows_its_last_lines_and_leaves_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    fake(tmp_path / "bin/go", "[ $1 = env ] && echo go1.30.1 && exit; echo main.go:7: undefined >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    with pytest.raises(HostError, match=r"building Kubernetes v1\.34\.4 in .* failed.*\n.*main\.go:7: undefined"):
        KUBERNETES.ensure()
    assert empty_cache.exists()
    assert not KUBERNETES.directory().exists()


@pytest.mark.parametrize("programs", [KUBERNETES, PULUMI])
def test_built_programs_are_used_without_go(
    programs: GoPrograms, monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    directory = programs.directory()
    directory.mkdir(parents=True)
    for name in programs.names:
        (directory / name).touch()
    monkeypatch.setenv("PATH", "")
    assert programs.ensure() == directory
    assert directory.is_relative_to(empty_cache)


@pytest.mark.usefixtures("empty_cache")
def test_new_enough_go_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake(tmp_path / "bin/go", "echo go1.24.3")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert toolchain.find_go((1, 24, 3), "it") == str(program)


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("version", [None, "go1.24.2", "devel"])
def test_without_go_and_without_pip_one_sentence_says_so(
    version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version:
        fake(tmp_path / "bin/go", f"echo {version}")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(HostError, match=r"^it is built with Go 1\.24\.3 or newer: PATH has none.*pip.*install Go"):
        toolchain.find_go((1, 24, 3), "it")


@pytest.mark.parametrize("programs", [KUBERNETES, PULUMI])
def test_the_installed_go_is_new_enough_for_every_module(programs: GoPrograms) -> None:
    pinned = tuple(int(part) for part in toolchain.PYPI.rpartition("=")[2].split("."))
    assert toolchain.asked(programs.source / "go.mod") <= pinned
