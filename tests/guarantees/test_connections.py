"""Connections that all clients together may open, counted by hand."""

from typing import Any

import pytest

from composition.promises import each_budget, promised
from composition.read import check
from settings.faults import BrokenStack

KEPT = 3 + 2 + 1 + 2 + 1
"""superuser_reserved_connections, Patroni's two, the settings job, the exporter's two, pg_rewind."""
WEB = {"image": "registry.example.com/x/web:1.0.0", "command": ["run"], "port": 8000}
USE = {"prefix": "DATABASE", "pool": 5}


def _stack(apps: dict[str, dict[str, Any]], platform: str = "swarm", **database: Any) -> dict[str, Any]:
    swarm = {"kind": "swarm", "nodes": ["a", "b", "c"], "entry": "dns"}
    return {
        "platform": swarm if platform == "swarm" else {"kind": "kubernetes"},
        "apps": {name: WEB | {"uses": {"main": USE}} | app for name, app in apps.items()},
        "databases": {"main": {"members": 3} | database},
    }


@pytest.mark.parametrize(
    ("apps", "used"),
    [
        ({"web": {"replicas": 3}}, (3 + 1) * 5),
        ({"web": {"replicas": 3, "rollout": {"parallelism": 2}}}, (3 + 2) * 5),
        ({"web": {"replicas": 3, "rollout": {"order": "stop-first"}}}, 3 * 5),
        ({"web": {"replicas": 3, "rollout": {"order": "stop-first"}, "migrations": {"command": ["go"]}}}, (3 + 1) * 5),
        ({"web": {"replicas": 3, "migrations": {"command": ["go"]}}}, (3 + 1) * 5),
        ({"beat": {"singleton": True}}, 5),
        (
            {"web": {"replicas": 3}, "worker": {"replicas": 2, "port": None, "probes": {"command": ["x"]}}},
            4 * 5 + 3 * 5,
        ),
        ({"web": {"replicas": 2, "uses": {"main": USE, "main/more": {"prefix": "MORE", "pool": 2}}}}, 3 * 5 + 3 * 2),
        ({"web": {"replicas": 2, "uses": {"main": "DATABASE"}}}, 0),
    ],
)
def test_clients(apps: dict[str, dict[str, Any]], used: int) -> None:
    stack = check(_stack(apps, databases={"more": {}}), source="x", secret_names=frozenset())
    ((_, budget),) = each_budget(stack)
    assert (budget.used, budget.limit.free) == (used, 100 - KEPT)


def test_an_autoscaler_counts_with_its_most() -> None:
    apps: dict[str, dict[str, Any]] = {"web": {"scaling": {"min": 3, "max": 10}}}
    stack = check(_stack(apps, "kubernetes"), source="x", secret_names=frozenset())
    ((_, budget),) = each_budget(stack)
    assert budget.used == (10 + 1) * 5


def test_what_the_server_keeps_is_not_for_clients() -> None:
    parameters = {"superuser_reserved_connections": "5", "reserved_connections": "4"}
    stack = check(_stack({"web": {}}, parameters=parameters), source="x", secret_names=frozenset())
    ((_, budget),) = each_budget(stack)
    assert budget.limit.free == 100 - 5 - 4 - 2 - 1 - 2 - 1


def test_the_last_connection_may_be_used_and_none_more() -> None:
    fits = {"web": {"replicas": 6, "uses": {"main": {"prefix": "DATABASE", "pool": (100 - KEPT) // 7}}}}
    said = promised(check(_stack(fits), source="x", secret_names=frozenset()))["databases.main"]["connections"]
    assert said["connections"] == "at most 91 of 91: web 7 x 13"
    more = {"web": {"replicas": 6, "uses": {"main": {"prefix": "DATABASE", "pool": 14}}}}
    with pytest.raises(BrokenStack) as refused:
        check(_stack(more), source="x", secret_names=frozenset())
    (fault,) = refused.value.faults
    assert str(fault) == (
        "ha-platform:stack.databases.main.max_connections: leaves 91 connections for clients, which may open 98: "
        "web 7 x 14 (got 100). Set 107 or more, or lower a client's `pool`. Kept are superuser_reserved_connections 3, "
        "Patroni 2, settings job 1, exporter 2, pg_rewind 1."
    )
    check(_stack(more, max_connections=107), source="x", secret_names=frozenset())


def test_what_is_not_said_is_said_to_be_unknown() -> None:
    apps: dict[str, dict[str, Any]] = {"web": {"replicas": 2}, "worker": {"replicas": 1, "uses": {"main": "DATABASE"}}}
    said = promised(check(_stack(apps), source="x", secret_names=frozenset()))["databases.main"]["connections"]
    assert said["connections"] == "at least 15 of 91: web 3 x 5 + worker 2 x ?"


def _budgets(apps: dict[str, dict[str, Any]], **database: Any) -> dict[str, tuple[int, int]]:
    """Door -> used and free."""
    stack = check(_stack(apps, **database), source="x", secret_names=frozenset())
    return {budget.limit.door: (budget.used, budget.limit.free) for _, budget in each_budget(stack)}


POOLED = {"main": USE | {"pooled": True}}


def test_a_pooler_counts_at_the_server_and_its_clients_at_the_pooler() -> None:
    """Two replicas and one more in a rollout; while one is lost, the other has all clients."""
    apps: dict[str, dict[str, Any]] = {
        "web": {"replicas": 3, "uses": POOLED, "migrations": {"command": ["go"]}},
        "worker": {"replicas": 1, "uses": {"main": {"prefix": "DATABASE", "pool": 2}}},
    }
    pooler = {"pool_size": 6, "max_connections": 50}
    assert _budgets(apps, pooler=pooler, databases={"more": {}}) == {
        "": ((2 + 1) * 6 * 2 + 1 * 5 + (1 + 1) * 2, 100 - KEPT),
        "pooler": ((3 + 1) * 5, 2 * 50 - 50),
    }


def test_a_pooler_s_budget_is_said_under_its_name() -> None:
    stack = check(_stack({"web": {"replicas": 1, "uses": POOLED}}, pooler={}), source="x", secret_names=frozenset())
    said = promised(stack)["databases.main"]
    assert said["connections"]["connections"] == "at most 60 of 91: main-pooler 3 x 20"
    assert said["pooler connections"]["pooler connections"] == "at most 10 of 1000: web 2 x 5"


def test_one_pooler_is_not_lost_beside_another() -> None:
    apps: dict[str, dict[str, Any]] = {"web": {"replicas": 1, "uses": POOLED}}
    assert _budgets(apps, pooler={"replicas": 1}) == {"": ((1 + 1) * 20, 91), "pooler": ((1 + 1) * 5, 1000)}
    assert _budgets(apps, pooler={"replicas": 3, "max_connections": 10})["pooler"] == (10, 3 * 10 - 10)


def test_a_pooler_above_the_budget_is_refused_by_name() -> None:
    """With what to write in its place, which is then accepted."""
    apps: dict[str, dict[str, Any]] = {"web": {"replicas": 4, "uses": POOLED}}
    faults = []
    for pooler in ({"pool_size": 32}, {"max_connections": 10, "replicas": 3}):
        with pytest.raises(BrokenStack) as refused:
            check(_stack(apps, pooler=pooler), source="x", secret_names=frozenset())
        faults += [str(fault).removeprefix("ha-platform:stack.databases.main.") for fault in refused.value.faults]
    assert faults == [
        "max_connections: leaves 91 connections for clients, which may open 96: main-pooler 3 x 32 (got 100). Set 105 "
        "or more, or lower a client's `pool` or `pooler.pool_size`. Kept are superuser_reserved_connections 3, Patroni "
        "2, settings job 1, exporter 2, pg_rewind 1.",
        "pooler.max_connections: leaves 20 connections for clients, which may open 25: web 5 x 5 (got 10). Set 13 or "
        "more, or lower a client's `pool`. Kept are a lost replica's 10.",
    ]
    check(_stack(apps, pooler={"pool_size": 32}, max_connections=105), source="x", secret_names=frozenset())
    check(_stack(apps, pooler={"max_connections": 13, "replicas": 3}), source="x", secret_names=frozenset())
