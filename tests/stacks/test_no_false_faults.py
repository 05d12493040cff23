"""A fault across keys is reported beside a fault of one key, and never because of it."""

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from components.context import Context
from composition.kinds import MAPS
from composition.rules import RULES
from composition.stack import Stack
from settings.load import Loaded, load
from tests.stacks.breaks import BREAKS, PULL, S3, SECRETS, VALID, Break, Stackfile, kept_beside_its_data
from tests.stacks.fixtures import JUDGED
from tests.stacks.mutations import VALUES, parent_of, places


def broken_rules(loaded: Loaded[Stack]) -> set[tuple[str, str]]:
    """Rule and path of every fault across keys."""
    context = Context(
        stack=loaded.sound, secret_names=SECRETS | {PULL, *S3}, secret_values={PULL: "x"}, broken=loaded.broken
    )
    return {(rule.__name__, fault.path.partition(".")[2]) for rule in RULES for fault in rule(context)}


def item_of(path: tuple[Any, ...]) -> str:
    """The entry of a map or the key of the stack that the path is in."""
    return ".".join(map(str, path[: 2 if path[0] in MAPS else 1]))


@st.composite
def shape_faults(draw: st.DrawFn, stack: Stackfile) -> tuple[Stackfile, tuple[Any, ...]]:
    """The stack with one place changed so that it does not fit its key any more, and the place."""
    mutated = copy.deepcopy(stack)
    path = draw(st.sampled_from(places(mutated)))
    parent, key = parent_of(mutated, path), path[-1]
    match draw(st.sampled_from(["replace", "misspell", "add"])):
        case "replace":
            value = draw(VALUES)
            assume(len(path) > 1 or not isinstance(value, dict))  # an empty map of apps is sound, and takes them away
            parent[key] = value
        case "misspell" if isinstance(parent, dict):
            parent[draw(st.sampled_from([f"{key}_", f" {key}x ", f"{key}s", key[:-1].upper()]))] = parent.pop(key)
        case _:
            assume(isinstance(parent, dict))
            parent[draw(st.text(min_size=1, max_size=8))] = draw(VALUES)
            path = (*path[:-1], "added")
    return mutated, path


def test_every_rule_has_a_break_that_is_reported() -> None:
    for each in BREAKS:
        stack = copy.deepcopy(VALID)
        each.change(stack)
        assert broken_rules(load(Stack, stack, root="stack")) == {each.fault}
    assert {each.fault[0] for each in BREAKS} == JUDGED


@pytest.mark.parametrize("key", VALID)
def test_no_rule_falls_over_a_key_that_is_broken(key: str) -> None:
    stack = copy.deepcopy(VALID)
    kept_beside_its_data(stack)
    loaded = load(Stack, stack | {key: "no such thing"}, root="stack")
    assert loaded.faults
    broken_rules(loaded)


@given(st.data(), st.lists(st.sampled_from(BREAKS), min_size=1, max_size=3, unique_by=lambda each: each.fault[1]))
def test_both_kinds_are_reported_and_mending_one_takes_nothing_of_the_other_away(
    data: st.DataObject, breaks: list[Break]
) -> None:
    mended = copy.deepcopy(VALID)
    for each in breaks:
        each.change(mended)
    broken, path = data.draw(shape_faults(mended))
    loaded = load(Stack, broken, root="stack")
    assume(loaded.faults)
    reported = broken_rules(loaded)
    assert reported <= broken_rules(load(Stack, mended, root="stack")), "nothing vanishes with the fault of one key"
    names_stay = len(path) > 2 or path[0] not in MAPS
    for each in breaks:
        if names_stay and item_of(path) not in each.needs:
            assert each.fault in reported, f"judged in spite of the fault at {path}"
