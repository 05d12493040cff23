"""A consensus store that is not as the servers are, and writes that wait for a replica."""

import copy
import json
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, accepted, text


def registered(platform: str, **keys: Any) -> list[Recorded]:
    own = copy.deepcopy(PLATFORMS[platform])
    if platform == "swarm":
        own["nodes"] = [f"host{ordinal}" for ordinal in range(6)]
    return accepted({"platform": own, "databases": {"main": keys}}, secrets={})


def hosts(found: list[Recorded], word: str) -> list[str]:
    services = {one.name: one for one in found if one.type.endswith("/service:Service") and one.name[:-2] == word}
    return [
        next(
            each.removeprefix("node.hostname==")
            for each in services[name].inputs["taskSpec"]["placement"]["constraints"]
            if "hostname" in each
        )
        for name in sorted(services)
    ]


@pytest.mark.parametrize(
    ("keys", "servers", "store"),
    [
        ({"members": 5}, ["host0", "host1", "host2", "host3", "host4"], ["host0", "host1", "host2", "host3", "host4"]),
        ({"members": 5, "store": {"members": 3}}, ["host0", "host1", "host2", "host3", "host4"],
         ["host0", "host1", "host2"]),
        ({"members": 2, "store": {"members": 3, "hosts": ["host3", "host4", "host5"]}}, ["host0", "host1"],
         ["host3", "host4", "host5"]),
        ({"members": 1, "hosts": ["host2", "host1", "host0"], "store": {"members": 3}}, ["host2"],
         ["host2", "host1", "host0"]),
        ({"members": 3, "hosts": ["host2", "host1", "host0"], "store": {"members": 1}}, ["host2", "host1", "host0"],
         ["host2"]),
    ],
)  # fmt: skip
def test_where_a_swarm_runs_them(keys: dict[str, Any], servers: list[str], store: list[str]) -> None:
    found = registered("swarm", **keys)
    assert hosts(found, "main-pg") == servers
    assert hosts(found, "main-etcd") == store


def test_how_many_a_cluster_runs() -> None:
    found = registered("kubernetes", members=5, store={"members": 3})
    sets = {one.name: one.inputs["spec"]["replicas"] for one in found if one.type.endswith(":StatefulSet")}
    assert sets == {"main-pg": 5, "main-etcd": 3}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("said", "mode", "strict"),
    [(True, True, False), ("on", True, False), (False, False, False), ("off", False, False), ("strict", True, True)],
)
def test_how_a_write_waits(platform: str, said: object, mode: bool, strict: bool) -> None:
    wanted = json.loads(text(registered(platform, synchronous=said), "main-pg-settings-wanted"))["configuration"]
    assert (wanted["synchronous_mode"], wanted["synchronous_mode_strict"]) == (mode, strict)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"members": 1, "store": {"members": 3}}, "databases.main.store.members: each member has a host of its own"),
        (
            {"members": 1, "store": {"members": 1, "hosts": ["host9"]}},
            "databases.main.store.hosts: is not in `platform.nodes`",
        ),
    ],
)
def test_a_swarm_refuses_the_store_by_its_own_key(keys: dict[str, Any], said: str) -> None:
    platform = copy.deepcopy(PLATFORMS["swarm"]) | {"nodes": ["host0"]}
    document = {"platform": platform, "databases": {"main": keys}}
    stack = check(document, source="one", secret_names=frozenset())
    with pytest.raises(BrokenStack) as refused:
        render(lambda _: compose(StackInput(source="one", stack=stack, secrets={}), stack_name="one"), stack="one")
    assert said in str(refused.value)
