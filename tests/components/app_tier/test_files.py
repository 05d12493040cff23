"""Which configuration files an application may have, and what is read from those beside the stack file."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.app_tier.files import LARGEST_FILE, texts
from components.app_tier.settings import AppTierSettings
from model import ConfigFile, Job, Workload
from settings.types import FROM_A_PERSON
from tests.components.app_tier.test_app_component import made


def settings(**files: Any) -> AppTierSettings:
    document = {"image": "registry.example.com/web:1", "port": 8000, **files}
    return AppTierSettings.model_validate(document, context=FROM_A_PERSON)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("etc/app", "match pattern"),
        ("/etc/app/", "match pattern"),
        ("/etc/./app", "written in full"),
        ("/etc/../app", "written in full"),
        ("/etc/hosts", "written by the platform"),
        ("/etc/resolv.conf", "written by the platform"),
        ("/run/secrets/key", "mounts itself"),
        ("/tmp/app.conf", "mounts itself"),
        ("/proc/sys/x", "mounts itself"),
        ("/etc", "a directory of every image"),
    ],
)
def test_a_path_that_cannot_be_mounted_is_refused(path: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(files={path: "x"})


@pytest.mark.parametrize("text", ["a\0b", "\x1b[1m"])
def test_a_text_that_no_editor_writes_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="control character"):
        settings(files={"/etc/app/x": text})


def test_a_file_has_a_largest_size() -> None:
    settings(files={"/etc/app/x": "x" * LARGEST_FILE})
    with pytest.raises(ValidationError, match="at most 500000"):
        settings(files={"/etc/app/x": "é" * (LARGEST_FILE // 2 + 1)})


def test_a_text_beside_the_stack_file_keeps_its_line_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.ini").write_bytes("a\r\nb\n\n\té {{x}} $y".encode())
    found = texts(settings(files={"/etc/app/x": {"file": "app.ini"}}).files)
    assert found == {"/etc/app/x": "a\r\nb\n\n\té {{x}} $y"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "no such file"),
        ("../secret", "leads out"),
        ("link", "leads out"),
        ("/etc/passwd", "match pattern"),
        ("picture", "not a text"),
        ("large", "at most 500000"),
        ("folder", "no such file"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "project"
    (place / "folder").mkdir(parents=True)
    monkeypatch.chdir(place)
    (tmp_path / "secret").write_text("x")
    (place / "link").symlink_to(tmp_path / "secret")
    (place / "picture").write_bytes(b"\x89PNG\xff")
    (place / "large").write_bytes(b"x" * (LARGEST_FILE + 1))
    with pytest.raises(ValidationError, match=words):
        settings(files={"/etc/app/x": {"file": name}})


def test_replicas_and_migrations_have_the_files() -> None:
    files = {"/etc/app/app.toml": "a = 1\n", "/app/.env": "B=2"}
    _, platform = made(files=files, not_secret=["/app/.env"], migrations={"command": ["migrate"]})
    for word in (platform.one(Workload), platform.one(Job)):
        assert {file.path for file in word.container.files if file.alone} == set(files)
    words = {word.text: word for word in platform.words if isinstance(word, ConfigFile)}
    assert set(words) == set(files.values())
    assert not words["a = 1\n"].not_secret
    assert words["B=2"].not_secret
    assert all(len(word.name) <= 54 for word in words.values())
