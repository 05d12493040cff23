"""Which file a stack is read from, and what is said when it cannot be."""

from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stack_file import REPOSITORY, StackFile, stack_file


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STACK_FILE", raising=False)
    monkeypatch.delenv("CALLED_FROM", raising=False)


def test_a_stack_by_name() -> None:
    stack = stack_file("dev")
    assert stack.path == REPOSITORY / "Pulumi.dev.yaml"
    assert (stack.platform.kind, stack.sandbox, stack.keeps_data) == ("swarm", True, False)


def test_production_keeps_its_data() -> None:
    stack = stack_file("prod")
    assert (stack.platform.kind, stack.sandbox, stack.keeps_data) == ("kubernetes", False, True)


def _written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: str) -> StackFile:
    (tmp_path / "Pulumi.mine.yaml").write_text(f"config:\n  ha-platform:stack: {stack}\n")
    monkeypatch.setenv("STACK_FILE", str(tmp_path / "Pulumi.mine.yaml"))
    return stack_file()


SWARM = "platform: {kind: swarm, nodes: [a], entry: dns}"


def test_where_a_stack_runs_is_known_in_spite_of_faults_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _written(tmp_path, monkeypatch, f"{{{SWARM}, data: maybe, apps: {{web: {{}}}}, imagee: 1}}")
    assert len(stack.loaded.faults) == 3
    assert (stack.platform.kind, stack.sandbox, stack.keeps_data) == ("swarm", False, True)


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("{platform: {kind: podman}}", "ha-platform:stack.platform: has an unknown kind"),
        ("{apps: {}}", "ha-platform:stack.platform: is required"),
        ("[]", "ha-platform:stack: must be a map"),
        ("{platform: {kind: swarm, nodes: [], entry: dns}, apps: 3}", "platform.nodes: needs at least 1 item"),
    ],
)
def test_where_a_stack_runs_cannot_be_read(
    stack: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError) as refused:
        _ = _written(tmp_path, monkeypatch, stack).platform
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 2, "what is wrong elsewhere is not said here"


def test_sandbox_images_that_cannot_be_read_are_not_taken_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = _written(tmp_path, monkeypatch, f"{{{SWARM}, images: {{source: sandbx}}}}")
    with pytest.raises(CommandError, match=r"images\.source: should be 'upstream' or 'sandbox'"):
        _ = stack.sandbox


def test_an_unknown_stack_names_those_that_are_there() -> None:
    with pytest.raises(CommandError) as refused:
        stack_file("nope")
    assert "there is no stack nope; the stacks here are dev, prod." in str(refused.value)
    assert "`STACK_FILE=<folder>/Pulumi.nope.yaml`, or `STACK=nope STACK_FILE=<path>`" in str(refused.value)


@pytest.mark.parametrize(
    ("file", "stack"),
    [
        ("Pulumi.ai-chat.yaml", "ai-chat"),
        ("Pulumi.Team.two_b.yaml", "Team.two_b"),
        ("mine.yaml", "mine"),
        ("my first stack!.yaml", "my-first-stack"),
    ],
)
def test_a_stack_is_named_after_its_file(
    file: str, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / file
    path.write_text("config: {ha-platform:stack: {platform: {kind: swarm}}}\n")
    monkeypatch.setenv("STACK_FILE", str(path))
    assert stack_file().name == stack
    assert stack_file("dev").name == "dev", "a name that is given wins"


def test_without_a_name_or_a_file_it_is_dev() -> None:
    assert (stack_file().name, stack_file().path) == ("dev", REPOSITORY / "Pulumi.dev.yaml")


def test_a_file_whose_name_is_no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "!.yaml").write_text("")
    monkeypatch.setenv("STACK_FILE", str(tmp_path / "!.yaml"))
    with pytest.raises(CommandError, match=r"does not name a stack .* set STACK=<name>"):
        stack_file()


def test_what_a_person_types_for_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stack_file("prod").make("up") == "make up STACK=prod"
    (tmp_path / "my stack.yaml").write_text("config: {}\n")
    monkeypatch.setenv("CALLED_FROM", str(tmp_path))
    monkeypatch.setenv("STACK_FILE", "my stack.yaml")
    assert stack_file().make("up") == "make up STACK=my-stack STACK_FILE='my stack.yaml'"


def test_a_relative_path_is_meant_from_where_make_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("config: {ha-platform:stack: {platform: {kind: swarm}}}\n")
    monkeypatch.setenv("STACK_FILE", "mine.yaml")
    monkeypatch.setenv("CALLED_FROM", str(tmp_path))
    assert stack_file("dev").path == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config: [", "cannot be read as it is written:\n  line 1: is not YAML"),
        (b"config: {a: 1,\n a: 2}", "cannot be read as it is written:\n  line 2: config.a is in line 1 already"),
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
