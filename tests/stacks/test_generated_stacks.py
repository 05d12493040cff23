"""Mutated stacks are rendered or refused with a report; never anything else."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from composition.compose import compose
from composition.read import STACK_KEY, StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import render
from tests.stacks.fixtures import GOOD, settings_of
from tests.stacks.mutations import VALUES, parent_of, places


@st.composite
def mutated_stacks(draw: st.DrawFn) -> dict[str, Any]:
    """A valid stack in which one to three values are replaced, removed, or joined by an unknown key."""
    document = copy.deepcopy(settings_of(draw(st.sampled_from(GOOD)))[0])
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        path = draw(st.sampled_from(places(document)))
        parent = parent_of(document, path)
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[path[-1]] = draw(VALUES)
            case "remove":
                del parent[path[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(st.text(min_size=1, max_size=8))] = draw(VALUES)
    return document


@given(mutated_stacks())
def test_a_mutated_stack_is_reported_or_rendered(document: dict[str, Any]) -> None:
    try:
        stack = check(document, source="generated", secret_names=frozenset())
        given = StackInput(source="generated", stack=stack, secrets={})
        rendered = render(lambda _: compose(given, stack_name="generated"), stack="generated")
    except BrokenStack as broken:
        for fault in broken.faults:
            assert fault.path.startswith(STACK_KEY), "every fault has the path as in the YAML"
    else:
        assert rendered
