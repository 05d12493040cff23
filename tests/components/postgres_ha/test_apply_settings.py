"""What the settings job decides. What it does is seen against real servers in tests/live/deployed."""

from typing import Any

import pytest

from components.postgres_ha.files.differences import difference, misfits, must_grow, next_to_restart

STORED = {
    "ttl": 30,
    "pause": True,
    "postgresql": {"use_slots": True, "parameters": {"max_connections": 100, "work_mem": "8MB"}},
}


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        pytest.param({"ttl": 30}, {}, id="the same"),
        pytest.param({"ttl": 40}, {"ttl": 40}, id="another value"),
        pytest.param({"failsafe_mode": False}, {"failsafe_mode": False}, id="a new key, false"),
        pytest.param({"ttl": None}, {"ttl": None}, id="a key that must go"),
        pytest.param({"standby_cluster": None}, {}, id="a key that is gone"),
        pytest.param(
            {"postgresql": {"parameters": {"max_connections": 150}}},
            {"postgresql": {"parameters": {"max_connections": 150}}},
            id="below, and only what differs",
        ),
        pytest.param({"retry": {"a": {"b": 1}}}, {"retry": {"a": {"b": 1}}}, id="a new section"),
    ],
)
def test_the_change_names_what_differs_and_nothing_that_a_person_set(
    wanted: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert difference(wanted, STORED) == changes


def test_only_parameters_that_need_a_restart_are_compared() -> None:
    running = {"max_connections": "100", "wal_level": "replica", "shared_buffers": "16384"}
    wanted = {"max_connections": 150, "wal_level": "replica", "wal_keep_size": "256MB", "shared_buffers": None}
    assert misfits(wanted, running) == {"max_connections": "100"}


@pytest.mark.parametrize(("runs", "grows"), [("99", True), ("100", False), ("101", False)])
def test_what_must_grow(runs: str, grows: bool) -> None:
    assert must_grow({"max_connections": 100}, {"max_connections": runs}) is grows


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"max_connections": 100}, {"max_connections": 150}, id="growing"),
        pytest.param({"max_connections": 150}, {"max_connections": 100}, id="shrinking"),
        pytest.param(
            {"max_connections": 100, "max_wal_senders": 20},
            {"max_connections": 150, "max_wal_senders": 10},
            id="one grows, one shrinks",
        ),
    ],
)
def test_no_standby_ever_has_less_than_the_primary(before: dict[str, int], after: dict[str, int]) -> None:
    """A standby refuses to start below the primary's values; Patroni then starts it with the primary's."""
    leader, standbys = "main-pg-1", ("main-pg-0", "main-pg-2")
    runs = {name: dict(before) for name in ("main-pg-0", leader, "main-pg-2")}
    order = []
    while name := next_to_restart(leader, after, {one: _texts(values) for one, values in runs.items()}):
        order.append(name)
        assert len(order) < 10, order
        floor = dict.fromkeys(after, 0) if name == leader else runs[leader]
        runs[name] = {key: max(value, floor[key]) for key, value in after.items()}
        assert all(runs[one][key] >= runs[leader][key] for one in standbys for key in after), (name, runs)
    assert runs == dict.fromkeys(runs, after)
    assert order.count(leader) == 1, "writes pause once"


def test_nothing_is_restarted_when_all_fit() -> None:
    running = {name: {"max_connections": "100"} for name in ("main-pg-0", "main-pg-1")}
    assert next_to_restart("main-pg-0", {"max_connections": 100}, running) is None


def _texts(values: dict[str, int]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}
