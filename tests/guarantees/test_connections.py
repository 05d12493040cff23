"""Connections that all clients together may open, counted by hand."""

from typing import Any

import pytest

from composition.promises import each_budget, promised
from composition.read import check
from settings.faults import BrokenStack

KEPT = 3 + 2 + 1 + 1
"""superuser_reserved_connections, Patroni's two, the settings job, pg_rewind."""
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
    assert budget.limit.free == 100 - 5 - 4 - 2 - 1 - 1


def test_the_last_connection_may_be_used_and_none_more() -> None:
    fits = {"web": {"replicas": 2, "uses": {"main": {"prefix": "DATABASE", "pool": (100 - KEPT) // 3}}}}
    said = promised(check(_stack(fits), source="x", secret_names=frozenset()))["databases.main"]["connections"]
    assert said["connections"] == "at most 93 of 93: web 3 x 31"
    more = {"web": {"replicas": 2, "uses": {"main": {"prefix": "DATABASE", "pool": 32}}}}
    with pytest.raises(BrokenStack) as refused:
        check(_stack(more), source="x", secret_names=frozenset())
    (fault,) = refused.value.faults
    assert str(fault) == (
        "ha-platform:stack.databases.main.max_connections: leaves 93 connections for clients, which may open 96: "
        "web 3 x 32 (got 100). Set 103 or more, or lower a client's `pool`. Kept are superuser_reserved_connections 3, "
        "Patroni 2, settings job 1, pg_rewind 1."
    )
    check(_stack(more, max_connections=103), source="x", secret_names=frozenset())


def test_what_is_not_said_is_said_to_be_unknown() -> None:
    apps: dict[str, dict[str, Any]] = {"web": {"replicas": 2}, "worker": {"replicas": 1, "uses": {"main": "DATABASE"}}}
    said = promised(check(_stack(apps), source="x", secret_names=frozenset()))["databases.main"]["connections"]
    assert said["connections"] == "at least 15 of 93: web 3 x 5 + worker 2 x ?"
