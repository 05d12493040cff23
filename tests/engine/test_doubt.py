"""`--doubt`: an object that was changed outside is put right, and until then the state says what is wanted."""

from __future__ import annotations

import json

import pytest

from tests.engine.program import Program

SAMPLE = """
size = pulumi.Config().require_int("size")
Thing("first", name="first", size=size)
Thing("second", name="second", size=size)
"""
FIRST, SECOND = (f"urn:pulumi:dev::proj::fake:index:Thing::{name}" for name in ("first", "second"))


@pytest.fixture
def deployed(program: Program) -> Program:
    program.write(SAMPLE)
    program.call("config", "set", "size", "2")
    assert program.call("up")[0] == 0
    return program


def _change(program: Program, name: str) -> None:
    text = json.dumps({"inputs": {"name": name, "size": 0}, "changed": 0})
    (program.stack.root / "objects" / name).write_text(text, encoding="utf-8")


def _size(program: Program, name: str) -> int:
    size: int = program.stack.objects()[name]["inputs"]["size"]
    return size


def _wanted(program: Program) -> dict[str, int]:
    resources = json.loads(program.call("export")[1])["deployment"]["resources"]
    return {one["inputs"]["name"]: one["inputs"]["size"] for one in resources if one["type"] == "fake:index:Thing"}


def test_what_was_changed_outside_is_found_only_when_it_is_doubted(deployed: Program) -> None:
    _change(deployed, "first")
    assert "no changes" in deployed.call("up")[1]
    assert _size(deployed, "first") == 0
    code, out, err = deployed.call("up", "--doubt", FIRST, "--doubt", SECOND)
    assert code == 0, err
    assert "~ size: 2 => 0" in out
    assert "~ 1 updated, ~> 1 drifted, 2 unchanged" in out
    assert (_size(deployed, "first"), _size(deployed, "second")) == (2, 2)
    assert "no changes" in deployed.call("up", "--doubt", FIRST)[1]


def test_a_preview_says_so_and_records_nothing(deployed: Program) -> None:
    _change(deployed, "first")
    (deployed.stack.root / "objects" / "second").unlink()
    code, out, err = deployed.call("preview", "--doubt", FIRST, "--doubt", SECOND)
    assert code == 0, err
    assert "it is gone, and is made again" in out + err
    assert "+ 1 to create, ~ 1 to update, ~> 1 drifted" in out
    assert _wanted(deployed) == {"first": 2, "second": 2}
    assert deployed.call("preview", "--doubt", FIRST, "--expect-no-changes")[0] == 1


def test_what_is_gone_is_made_again(deployed: Program) -> None:
    (deployed.stack.root / "objects" / "second").unlink()
    assert "no changes" in deployed.call("up")[1]
    code, out, err = deployed.call("up", "--doubt", SECOND)
    assert code == 0, err
    assert "+ 1 created" in out
    assert _size(deployed, "second") == 2


def test_an_update_that_is_stopped_records_nothing_of_what_it_found(deployed: Program) -> None:
    """Otherwise the next look at the state would take what somebody did by hand for what the stack wants."""
    _change(deployed, "first")
    (deployed.stack.root / "objects" / "second").unlink()
    deployed.write("raise pulumi.RunError('refused')")
    assert deployed.call("up", "--doubt", FIRST, "--doubt", SECOND)[0] == 1
    assert _wanted(deployed) == {"first": 2, "second": 2}


def test_a_host_that_does_not_answer_stops_it(deployed: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engine.fakes.FakeProvider.unreachable", "the host is away")
    code, out, err = deployed.call("up", "--doubt", FIRST)
    assert code == 1
    assert "the host is away" in out + err
    assert _wanted(deployed) == {"first": 2, "second": 2}
