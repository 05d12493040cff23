"""A stack has one holder, and no command goes to another engine or backend."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.engines import Engine
from cli.errors import CommandError
from cli.holders import check_holder, states
from cli.places import Place, chosen_place, own_backend
from cli.stack_file import REPOSITORY, StackFile

SANDBOX = Place(engine="sandbox")
URN = "urn:pulumi:mine::ha-platform::pulumi:pulumi:Stack::ha-platform-mine"
RESOURCES = [{"urn": URN, "custom": False, "type": "pulumi:pulumi:Stack"}]


@pytest.fixture
def stack(tmp_path: Path) -> StackFile:
    path = tmp_path / "Pulumi.mine.yaml"
    path.write_text("config: {}\n")
    return StackFile(name="mine", path=path, document={})


def held_by_the_sandbox_engine(stack: StackFile) -> None:
    Engine(stack, {}, SANDBOX).restore({"version": 3, "deployment": {"resources": RESOURCES}})


def held_in(backend: Path, stack: StackFile, *, resources: int = 1, folder: str = "ha-platform") -> None:
    """As the CLI writes a backend of files; the live tests look into one that it wrote."""
    latest = {"manifest": {"time": "2026-01-31T10:12:13.5Z"}, "resources": RESOURCES * resources}
    path = backend / ".pulumi/stacks" / folder / f"{stack.name}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))


def installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` on PATH, which must not be asked for anything here."""
    directory.mkdir()
    (directory / "pulumi").write_text("#!/bin/sh\nexit 9\n")
    (directory / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def test_a_stack_that_was_never_deployed_has_no_state(stack: StackFile) -> None:
    assert states(stack) == []
    assert check_holder(stack, SANDBOX, "up") == []


def test_installing_pulumi_does_not_change_the_engine(
    stack: StackFile, tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_by_the_sandbox_engine(stack)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert chosen_place() == SANDBOX
    assert [state.resources for state in check_holder(stack, chosen_place(), "up")] == [1]
    installed(tmp_path / "bin", monkeypatch)
    assert chosen_place() == own_backend()
    with pytest.raises(CommandError) as refused:
        check_holder(stack, chosen_place(), "up")
    held, going_on, taking_over = str(refused.value).splitlines()
    assert f"held by the sandbox engine in {own_state} (1 resources, last changed 20" in held
    assert going_on.endswith(" make up STACK=mine ENGINE=sandbox")
    assert taking_over.endswith(" make take-over STACK=mine ENGINE=pulumi")


def test_a_login_of_the_person_that_holds_the_stack_is_seen(
    stack: StackFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, home = tmp_path / "theirs", tmp_path / "pulumi-home"
    held_in(backend, stack)
    home.mkdir()
    (home / "credentials.json").write_text(json.dumps({"current": f"file://{backend}/", "accounts": {}}))
    with pytest.raises(CommandError) as refused:
        check_holder(stack, SANDBOX, "down")
    said = str(refused.value)
    assert f"the Pulumi CLI in file://{backend} (1 resources, last changed 2026-01-31 10:12 UTC)" in said
    assert f"PULUMI_BACKEND_URL=file://{backend} make down STACK=mine ENGINE=pulumi\n" in said
    installed(tmp_path / "bin", monkeypatch)
    with pytest.raises(CommandError, match="held by the Pulumi CLI in"):
        check_holder(stack, chosen_place(), "status")  # the commands' own backend is another one
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{backend}/../theirs")
    assert len(check_holder(stack, chosen_place(), "status")) == 1


@pytest.mark.parametrize("folder", ["ha-platform", ""])
def test_a_named_backend_is_looked_into_with_the_sandbox_engine_too(
    stack: StackFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    held_in(tmp_path / "named", stack, folder=folder)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/named")
    with pytest.raises(CommandError, match=f"held by the Pulumi CLI in file://{tmp_path}/named"):
        check_holder(stack, SANDBOX, "up")


def test_an_empty_state_holds_nothing(stack: StackFile, own_state: Path) -> None:
    held_in(own_state / "pulumi", stack, resources=0)
    assert [state.resources for state in check_holder(stack, SANDBOX, "up")] == [0]


def test_two_states_are_named_and_nothing_goes_on(stack: StackFile, own_state: Path) -> None:
    held_by_the_sandbox_engine(stack)
    held_in(own_state / "pulumi", stack)
    for place in (SANDBOX, own_backend()):
        with pytest.raises(CommandError) as refused:
            check_holder(stack, place, "up")
        said = str(refused.value)
        assert "stack mine has 2 states" in said
        assert f"mv {own_state}/mine.json {own_state}/mine.json.old" in said
        assert "pulumi stack rm mine --force --preserve-config" in said


def test_what_an_update_that_was_killed_had_begun_counts(stack: StackFile, own_state: Path) -> None:
    """The sandbox engine has then a journal and no checkpoint."""
    own_state.mkdir()
    begun = {"do": "begin", "kind": "creating", "resource": RESOURCES[0]}
    lines = [{"after": ""}, begun]
    (own_state / "mine.json.journal").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(CommandError, match="held by the sandbox engine"):
        check_holder(stack, own_backend(), "up")


def test_a_state_that_cannot_be_read_is_no_empty_one(stack: StackFile, own_state: Path) -> None:
    own_state.mkdir()
    (own_state / "mine.json").write_text("{")
    with pytest.raises(CommandError, match=r"mine\.json cannot be read as a state"):
        states(stack)


def test_a_backend_that_does_not_answer_is_said(
    stack: StackFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://theirs")
    assert check_holder(stack, SANDBOX, "up") == []
    assert "s3://theirs could not be asked whether it holds stack mine" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["up", "preview", "down", "status", "secret", "logs", "restart"])
def test_every_command_refuses(stack: StackFile, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it looks at a host: there is none here."""
    stack.path.write_text((REPOSITORY / "Pulumi.dev.yaml").read_text())
    held_by_the_sandbox_engine(stack)
    installed(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("STACK_FILE", str(stack.path))
    monkeypatch.setenv("HA_SANDBOX", str(tmp_path / "none"))
    line = [sys.executable, "-m", "cli", command, "mine", *(["api_key"] if command == "secret" else [])]
    done = subprocess.run(line, cwd=REPOSITORY, input="text", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"{command}: stack mine is held by the sandbox engine" in done.stderr
    assert f"make {command} STACK=mine STACK_FILE={stack.path} ENGINE=sandbox\n" in done.stderr
    assert "Traceback" not in done.stderr
