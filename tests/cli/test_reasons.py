"""What is said of workloads that failed: the last failure of each, without secrets."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.errors import CommandError
from cli.reasons import Reason, Watch, tell

PASSWORD, KEY = "hunter2hunter2", "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"


def secret(text: str) -> dict[str, str]:
    """As Pulumi shows one in an exported state."""
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    return {**mark, "plaintext": json.dumps(text)}


def exported(*secrets: str) -> dict[str, Any]:
    return {"deployment": {"resources": [{"inputs": {"a": [secret(one)]}} for one in secrets]}}


def said(capsys: pytest.CaptureFixture[str], reason: Reason, state: dict[str, Any]) -> str:
    tell([reason], state)
    return capsys.readouterr().err


def test_exit_code_and_log_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    reason = Reason("dev-web-migrate", "a task failed with exit code 3: task: non-zero exit (3)", ("one", "two\x1b[1m"))
    assert said(capsys, reason, exported()) == (
        "  dev-web-migrate: a task failed with exit code 3: task: non-zero exit (3); the last lines of its log:\n"
        "    | one\n"
        "    | two?[1m\n"
    )


@pytest.mark.parametrize(
    ("kept", "line"),
    [
        (PASSWORD, f"FATAL: password {PASSWORD} is wrong"),
        (base64.b64encode(PASSWORD.encode()).decode(), f"connect to postgresql://me:{PASSWORD}@db"),
        (base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(PASSWORD.encode()).decode()),
        (KEY, "bad line MIIEvQIBADANBg"),
        (base64.b64encode(KEY.encode()).decode(), "bad line MIIEvQIBADANBg"),
    ],
)
def test_no_secret_is_shown(kept: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, Reason("web", "a task failed", (line,)), exported(kept))
    assert "[secret]" in text
    assert PASSWORD not in text
    assert "MIIEvQIBADANBg" not in text


def test_a_short_secret_does_not_hide_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert "a table" in said(capsys, Reason("web", "failed", ("a table",)), exported("a", "tab"))


class Looks(Watch):
    """Finds what it is given, one list for each look."""

    def __init__(self, *looks: list[Reason]) -> None:
        super().__init__()
        self._looks = list(looks)

    def look(self, *, report: bool = True) -> Iterator[Reason]:
        if not self._looks:
            raise CommandError("no answer")
        found = self._looks.pop(0)
        return iter(found if report else [])


def test_the_last_failure_of_each_since_the_beginning() -> None:
    old, first, last, other = (Reason(what, why, ()) for what, why in (("a", "0"), ("a", "1"), ("a", "2"), ("b", "3")))
    with Looks([old], [first, other], [last]) as watch:
        pass
    while len(found := watch.reasons()) < 2 or watch._looks:
        assert watch._looks, found
    assert found == [last, other]
