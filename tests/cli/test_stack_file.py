"""Which file a stack is read from, and what is said when it cannot be."""

from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stack_file import REPOSITORY, stack_file


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STACK_FILE", raising=False)
    monkeypatch.delenv("CALLED_FROM", raising=False)


def test_a_stack_by_name() -> None:
    stack = stack_file("dev")
    assert stack.path == REPOSITORY / "Pulumi.dev.yaml"
    assert (stack.platform, stack.sandbox, stack.keeps_data) == ("swarm", True, False)


def test_production_keeps_its_data() -> None:
    stack = stack_file("prod")
    assert (stack.platform, stack.sandbox, stack.keeps_data) == ("kubernetes", False, True)


def test_an_unknown_stack_names_those_that_are_there() -> None:
    with pytest.raises(CommandError, match="there is no stack nope; the stacks here are dev, prod, or give STACK_FILE"):
        stack_file("nope")


def test_a_relative_path_is_meant_from_where_make_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("config: {ha-platform:stack: {platform: {kind: swarm}}}\n")
    monkeypatch.setenv("STACK_FILE", "mine.yaml")
    monkeypatch.setenv("CALLED_FROM", str(tmp_path))
    assert stack_file("dev").path == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config: [", "is not YAML at line 1; mend its syntax"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"- a list\n", "has no `config:` map"),
        (b"", "has no `config:` map"),
    ],
)
def test_a_file_that_is_no_stack_file(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    monkeypatch.setenv("STACK_FILE", str(path))
    with pytest.raises(CommandError) as refused:
        stack_file("dev")
    assert str(refused.value).startswith(f"{path} {said}")


def test_a_path_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_FILE", str(tmp_path))
    with pytest.raises(CommandError, match="there is no file"):
        stack_file("dev")
