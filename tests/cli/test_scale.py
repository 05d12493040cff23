"""A count by hand: what is refused, what the program is given, and what holds when the time is over."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from cli.check import check
from cli.engines import Engine
from cli.errors import CommandError
from cli.outputs import STACK_TYPE
from cli.scale import Asked, asked, hold
from cli.stack_file import StackFile, stack_file
from composition.by_hand import OUTPUT, VARIABLE, ByHand, applied, given, output, recorded

CONTENT = "ha-platform:stack.apps.web"


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> StackFile:
    monkeypatch.delenv("STACK_FILE", raising=False)
    return stack_file("dev")


def changed(stack: StackFile, **keys: object) -> StackFile:
    """The stack with other keys of its application `web`; None takes one out."""
    document: Any = json.loads(json.dumps(stack.document))
    web = document["apps"]["web"] | keys
    document["apps"]["web"] = {key: value for key, value in web.items() if value is not None}
    return replace(stack, document=document)


def held(until: float, replicas: int = 3, app: str = "web") -> list[dict[str, Any]]:
    """A state, with numbers as engines store them."""
    counts = {app: {"replicas": float(replicas), "until": float(int(until))}}
    return [{"type": STACK_TYPE, "outputs": {OUTPUT: counts}}]


def told(stack: StackFile, resources: list[dict[str, Any]], change: Asked | None = None) -> tuple[int, Engine, str]:
    """The replicas that hold, the engine and what was said."""
    said: list[str] = []
    engine = Engine(stack, {VARIABLE: "{}"})
    settings = hold(stack, check(stack), engine, resources, said.append, change)
    return settings.apps["web"].count, engine, "\n".join(said)


def test_a_count_lasts_until_its_end(stack: StackFile) -> None:
    found = asked(stack, check(stack), "web", "3", "2h")
    assert found.by_hand
    assert found.by_hand.replicas == 3
    assert abs(found.by_hand.until - time.time() - 7200) < 60
    default = asked(stack, check(stack), "web", "3", "").by_hand
    assert default
    assert abs(default.until - time.time() - 3600) < 60


@pytest.mark.parametrize(("to", "lasts"), [("", "0"), ("3", "0s"), ("2", "1h")])
def test_no_time_or_the_number_of_the_file_ends_it(stack: StackFile, to: str, lasts: str) -> None:
    change = asked(stack, check(stack), "web", to, lasts)
    count, engine, said = told(stack, held(time.time() + 600), change)
    assert count == 2
    assert VARIABLE not in engine.environment
    assert said == "web: 2 replicas, as the stack file says"


@pytest.mark.parametrize(
    ("app", "to", "lasts", "said"),
    [
        ("", "3", "1h", "APP is missing; the applications of stack dev are: "),
        ("main", "3", "1h", "APP=main is in `databases`, and only applications are scaled by hand"),
        ("edge", "3", "1h", "APP=edge is in `balancers`, and only applications"),
        ("nobody", "3", "1h", "APP=nobody is not in stack dev"),
        ("web", "", "1h", "TO= is not a number of replicas"),
        ("web", "-1", "1h", "TO=-1 is not a number of replicas"),
        ("web", "3", "5", "FOR=5: "),
        ("web", "3", "30s", "FOR=30s: must be from 1m to 720h"),
        ("web", "3", "721h", "FOR=721h: must be from 1m to 720h"),
        ("web", "0", "1h", f"{CONTENT}.replicas"),
        ("web", "101", "1h", f"{CONTENT}.replicas"),
    ],
)
def test_what_cannot_be_is_refused_by_name(stack: StackFile, app: str, to: str, lasts: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        asked(stack, check(stack), app, to, lasts)
    assert said in str(refused.value)


def test_the_rules_across_keys_judge_the_count(stack: StackFile) -> None:
    counted = changed(stack, uses={"main": {"prefix": "DATABASE", "pool": 5}, "sessions": "REDIS"})
    assert asked(counted, check(counted), "web", "3", "1h").by_hand
    with pytest.raises(CommandError, match=r"databases\.main.*connections for clients, which may open"):
        asked(counted, check(counted), "web", "90", "1h")


def test_an_autoscaled_application_is_refused_with_the_fix() -> None:
    stack = stack_file("prod")
    settings = check(stack)
    scaled = [name for name, app in settings.apps.items() if app.scaling]
    assert scaled
    with pytest.raises(CommandError, match=rf"apps\.{scaled[0]}\.scaling: .* Write another `min` or `max`"):
        asked(stack, settings, scaled[0], "9", "1h")


def test_a_later_command_keeps_the_count_and_says_so(stack: StackFile) -> None:
    count, engine, said = told(stack, held(time.time() + 600))
    assert count == 3
    assert said.startswith("web: 3 replicas by hand until ")
    assert said.endswith(" UTC (the stack file says 2)")
    assert json.loads(engine.environment[VARIABLE])["web"]["replicas"] == 3


def test_after_its_end_the_file_holds_again(stack: StackFile) -> None:
    count, engine, said = told(stack, held(time.time() - 1))
    assert count == 2
    assert VARIABLE not in engine.environment
    assert "ended at" in said
    assert said.endswith("the file's 2 hold again")


def test_another_count_takes_the_place_of_the_first(stack: StackFile) -> None:
    count, _, said = told(stack, held(time.time() + 600), asked(stack, check(stack), "web", "4", "1h"))
    assert count == 4
    assert "3 replicas" not in said


def test_an_application_that_went_takes_its_count_along(stack: StackFile) -> None:
    count, engine, said = told(stack, held(time.time() + 600, app="gone"))
    assert count == 2
    assert VARIABLE not in engine.environment
    assert said == "gone: 3 replicas by hand do not hold any more: the stack file says otherwise"


def test_a_file_that_has_no_room_for_the_count_any_more_says_how_it_ends(stack: StackFile) -> None:
    with pytest.raises(CommandError, match=r"`make scale STACK=dev APP=web FOR=0` ends them.*\n*") as refused:
        told(stack, held(time.time() + 600, replicas=101))
    assert f"{CONTENT}.replicas" in str(refused.value)


def test_the_program_leaves_out_what_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    lasting = ByHand(app="web", replicas=3, until=now + 600)
    both = output([lasting, ByHand(app="old", replicas=5, until=now - 1)])
    monkeypatch.setenv(VARIABLE, json.dumps(both))
    assert given() == [lasting]
    monkeypatch.delenv(VARIABLE)
    assert given() == []
    assert len(recorded({OUTPUT: both})) == 2


def test_only_the_count_of_an_application_changes(stack: StackFile) -> None:
    one = ByHand(app="web", replicas=3, until=0)
    assert applied(stack.document, [one]) == changed(stack, replicas=3).document
    assert applied(stack.document, []) == stack.document
    assert applied(None, [one]) is None
