"""A preview says in a line what the replicas of an application follow, where that is more than CPU and memory."""

from typing import Any

import pytest

from cli.promises import show_promises
from composition.promises import promised
from composition.read import check
from tests.stacks.fixtures import DIRECTORY, settings_of

OFFICE = {"starts": "0 7 * * 1-5", "ends": "0 20 * * 1-5", "min": 4}
QUEUE = {"expressions": {"sessions": {"expr": "sum(sessions)", "per_replica": 50}}}


def said(**scaling: Any) -> Any:
    settings, secrets = settings_of(DIRECTORY / "ok" / "keys-on-swarm.yaml")
    settings["apps"]["api"]["scaling"] |= scaling
    return promised(check(settings, source="test", secret_names=secrets))


def test_a_policy_of_cpu_and_memory_is_what_it_was() -> None:
    assert "replicas" not in said().get("apps.api", {})


@pytest.mark.parametrize(
    ("scaling", "line"),
    [
        ({"metrics": QUEUE}, "2 to 8, by cpu 60 %, memory 80 %, sessions 50 each"),
        (
            {"schedules": {"office": OFFICE}},
            "2 to 8, by cpu 60 %, memory 80 %; office (`0 7 * * 1-5` to `0 20 * * 1-5` UTC): at least 4",
        ),
    ],
)
def test_more_than_that_is_a_line(scaling: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(**scaling)
    assert found["apps.api"]["replicas"] == {"replicas": line}
    show_promises(found)
    assert f"apps.api replicas: {line}" in capsys.readouterr().out


def test_bounds_of_hours_change_no_other_promise() -> None:
    plain, busy = said(), said(schedules={"office": OFFICE})
    del busy["apps.api"]["replicas"]
    assert {path: one for path, one in busy.items() if one} == {path: one for path, one in plain.items() if one}
