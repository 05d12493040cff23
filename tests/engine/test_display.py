"""What people see: in a terminal and without one, never a secret."""

from __future__ import annotations

import pytest

from sandbox.engine.checkpoint import Resource
from sandbox.engine.display import Display, change_lines, show
from sandbox.engine.events import Op, Step, Violation
from sandbox.engine.urns import STACK_TYPE
from sandbox.engine.values import UNKNOWN, Secret, Value, diff
from tests.engine.stack import urn


def _step(op: Op, name: str, custom: bool = True, **values: object) -> Step:
    resource = Resource(urn=urn(name, "a:x:T"), type="a:x:T", custom=custom)
    changes = diff({}, values)
    return Step(op=op, urn=resource.urn, type=resource.type, new=resource, changes=changes)


@pytest.mark.parametrize("terminal", [True, False])
def test_operations_and_their_changes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    display = Display()
    step = _step("update", "web[0]", size=3, token=Secret("hunter2"), later=UNKNOWN)
    display.started(step)
    display.finished(step)
    display.failed(_step("create", "db"), "no room")
    display.close()
    shown = capsys.readouterr()
    assert "~ a:x:T  web[0]" in shown.out
    assert "+ size: 3" in shown.out
    assert "+ token: [secret]" in shown.out
    assert "+ later: [unknown]" in shown.out
    assert "a:x:T  db: create failed: no room" in shown.err
    assert ("\x1b[" in shown.out) is terminal


def test_a_text_of_several_lines_is_shown_by_the_lines_that_differ() -> None:
    old = "".join(f"line {number}\n" for number in range(100))
    (change,) = diff({"data": old}, {"data": old.replace("line 50\n", "line fifty\n")}).values()
    assert change_lines("data", change) == [
        "~ data:",
        "    ...",
        "     line 49",
        "    -line 50",
        "    +line fifty",
        "     line 51",
    ]
    (change,) = diff({"data": old}, {"data": old.replace("line", "LINE")}).values()
    lines = change_lines("data", change)
    assert len(lines) == 42
    assert lines[-1] == "    ... and 161 more lines"
    (change,) = diff({"data": Secret(old)}, {"data": Secret("other\n")}).values()
    assert change_lines("data", change) == ["~ data: [secret] => [secret]"]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [("1", "2", '"1" => "2"'), ("a\nb", "a\nb\n", '"a\\nb" => "a\\nb\\n"'), (1, "a\nb", '1 => "a\\nb"')],
)
def test_other_changes_are_in_one_line(old: Value, new: Value, shown: str) -> None:
    (change,) = diff({"size": old}, {"size": new}).values()
    assert change_lines("size", change) == [f"~ size: {shown}"]


def test_components_alone_are_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display()
    display.finished(_step("create", "group", custom=False))
    display.message("error", "size: got 1, at least 2")
    display.close()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "error: size: got 1, at least 2\n")
    display.finished(_step("create", "web"))
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["group", "web"]


def test_messages_by_severity(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display()
    display.message("debug", "hidden")
    display.message("info", "as it is [bold]")
    display.message("warning", "careful", urn("web"))
    display.violation(Violation(level="mandatory", pack="p", policy="q", urn=urn("web"), message="m"))
    display.violation(Violation(level="advisory", pack="p", policy="q", urn="", message="m"))
    shown = capsys.readouterr()
    assert shown.out == "as it is [bold]\nwarning: web: careful\npolicy [advisory] p/q: m\n"
    assert shown.err == "policy [mandatory] p/q web: m\n"


def test_long_values_are_cut() -> None:
    assert len(show("x" * 1000)) < 110
    assert show({"type": STACK_TYPE, "n": [1, None, True]}) == '{"type": "pulumi:pulumi:Stack", "n": [1, null, true]}'
