"""Mutated stacks are accepted or refused with a report; never anything else."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from composition.read import STACK_KEY, check
from settings.faults import BrokenStack, Fault
from tests.stacks.fixtures import GOOD, settings_of

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-10, max_value=100_000),
    st.floats(allow_nan=False),
    st.sampled_from(["", "web", "main", "500m", "1Gi", "30s", "0s", "/", "-1", "1e3", "\x00", "é" * 40, "a" * 300]),
    st.text(max_size=12),
    st.lists(st.text(max_size=4), max_size=3),
    st.dictionaries(st.text(max_size=6), st.integers(), max_size=2),
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path of a document."""
    here = [path] if path else []
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return here + [place for key, child in children for place in _places(child, (*path, key))]


def _parent(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


@st.composite
def mutated_stacks(draw: st.DrawFn) -> dict[str, Any]:
    """A valid stack in which one to three values are replaced, removed, or joined by an unknown key."""
    document = copy.deepcopy(settings_of(draw(st.sampled_from(GOOD)))[0])
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        path = draw(st.sampled_from(_places(document)))
        parent = _parent(document, path)
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[path[-1]] = draw(_VALUES)
            case "remove":
                del parent[path[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(st.text(min_size=1, max_size=8))] = draw(_VALUES)
    return document


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated_stacks())
def test_a_mutated_stack_is_accepted_or_reported(document: dict[str, Any]) -> None:
    for fault in _faults(document):
        assert fault.path.startswith(STACK_KEY), "every fault has the path as in the YAML"
        assert fault.rule, "every fault has its rule"


def _faults(document: dict[str, Any]) -> tuple[Fault, ...]:
    try:
        check(document, source="generated", secret_names=frozenset())
    except BrokenStack as broken:
        return broken.faults
    return ()
