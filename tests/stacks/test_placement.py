"""Where members live on a Swarm follows from their own words alone."""

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import render
from tests.stacks.fixtures import DIRECTORY, settings_of

Stack = dict[str, Any]
NODES = [f"host{number}" for number in range(1, 5)]


def stack(*, hosts: bool) -> Stack:
    """Two databases, two caches and monitoring on four nodes; with or without hosts of their own."""
    settings = copy.deepcopy(settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")[0])
    settings["platform"]["nodes"] = list(NODES)
    settings["databases"]["users"] = {"members": 3, "hosts": [NODES[3], NODES[0], NODES[1]]}
    settings["monitoring"]["prometheus"]["host"] = NODES[3]
    if not hosts:
        for part in (*settings["databases"].values(), *settings["caches"].values()):
            del part["hosts"]
        del settings["monitoring"]["prometheus"]["host"]
    return settings


def pins(settings: Stack) -> Mapping[str, str]:
    """Member -> host."""
    given = StackInput(
        source="test", stack=check(settings, source="test", secret_names=frozenset()), secrets={}
    )  # fmt: skip
    found = {}
    for one in render(lambda _: compose(given, stack_name="test"), stack="test"):
        if one.type == "docker:index/service:Service":
            for constraint in one.inputs["taskSpec"].get("placement", {}).get("constraints", ()):
                key, _, value = constraint.partition("==")
                if key == "node.hostname":
                    found[one.name] = value
    return found


@cache
def unchanged(hosts: bool) -> Mapping[str, str]:
    """Where members live before a change."""
    return pins(stack(hosts=hosts))


def a_database_above_another(settings: Stack) -> None:
    settings["databases"] = {"audit": {"members": 3}, **settings["databases"]}


def a_cache_above_another(settings: Stack) -> None:
    settings["caches"] = {"audit": {"role": "cache"}, **settings["caches"]}


def sorted_keys(settings: Stack) -> None:
    for part in ("databases", "caches"):
        settings[part] = dict(sorted(settings[part].items()))


def reversed_keys(settings: Stack) -> None:
    for part in ("databases", "caches"):
        settings[part] = dict(reversed(settings[part].items()))


def a_database_less(settings: Stack) -> None:
    del settings["databases"]["users"]


def a_node_appended(settings: Stack) -> None:
    settings["platform"]["nodes"].append("host5")


CHANGES = [
    a_database_above_another, a_cache_above_another, sorted_keys, reversed_keys, a_database_less, a_node_appended
]  # fmt: skip


@pytest.mark.parametrize("hosts", [True, False], ids=["hosts", "no-hosts"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_member_moves_by_a_change_elsewhere(change: Callable[[Stack], None], hosts: bool) -> None:
    before = unchanged(hosts)
    assert len(before) == 6 + 6 + 6 + 6 + 3 + 1, (
        "etcd and PostgreSQL twice, Redis and Sentinel twice, monitoring, a clock"
    )
    settings = stack(hosts=hosts)
    change(settings)
    after = pins(settings)
    assert len(after) >= len(before) - 6
    assert {name: host for name, host in after.items() if name in before} == {
        name: host for name, host in before.items() if name in after
    }


def test_the_hosts_that_are_named_are_the_hosts_that_are_used() -> None:
    found = unchanged(True)
    for word in ("users-pg", "users-etcd"):
        assert [found[f"{word}-{ordinal}"] for ordinal in range(3)] == ["host4", "host1", "host2"]
    for word in ("sessions-redis", "sessions-sentinel"):
        assert [found[f"{word}-{ordinal}"] for ordinal in range(3)] == ["host2", "host3", "host1"]
    assert found["prometheus-0"] == "host4"
    assert found["grafana-0"] == "host1"
