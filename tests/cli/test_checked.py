"""What `up` says where it could not ask for an answer."""

from types import SimpleNamespace
from typing import Any

import pytest

from cli import checked
from cli.checked import say_what_was_checked
from cli.errors import CommandError
from cli.status import Row


def row(ready: int) -> Row:
    return Row(urn="", id="", component="", name="dev-web", kind="service", wanted=2, told=2, ready=ready)


def on(*looks: int) -> Any:
    """Operations whose one workload has so many replicas ready, look by look."""
    left = list(looks)
    return SimpleNamespace(rows=lambda _: [row(left.pop(0) if len(left) > 1 else left[0])])


def test_it_says_what_it_checked_and_what_not(capsys: pytest.CaptureFixture[str]) -> None:
    say_what_was_checked(on(1, 2), [], {"edge": "no connection from here to 10.0.0.1:80 (timed out)"}, status="s")
    said = capsys.readouterr().out
    assert "edge was not asked: no connection from here to 10.0.0.1:80 (timed out)" in said
    assert "checked instead: 1 of 1 workloads pass the health checks of the hosts\n" in said
    assert "not checked: that a request from outside gets an answer" in said


def test_a_stack_without_a_balancer(capsys: pytest.CaptureFixture[str]) -> None:
    say_what_was_checked(on(2), [], {}, status="s")
    assert "no request was made: the stack has no balancer" in capsys.readouterr().out


def test_what_is_not_ready_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked, "DEADLINE_SECONDS", 0)
    with pytest.raises(CommandError, match=r"not ready within 0 s: dev-web: not ready; `make status` shows what runs"):
        say_what_was_checked(on(1), [], {}, status="make status")
