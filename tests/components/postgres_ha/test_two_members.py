"""Two servers: three members of the store decide between them."""

import copy
from typing import Any

import pulumi
import pytest

from components.context import Context
from composition.compose import compose
from composition.read import StackInput, check
from composition.rules import advice
from settings.faults import BrokenStack
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, accepted


def registered(platform: str, **keys: Any) -> list[Recorded]:
    document = {"platform": PLATFORMS[platform], "databases": {"main": {"members": 2, **keys}}}
    return accepted(document, secrets={})


def constraints(found: list[Recorded], name: str) -> str:
    (service,) = (one for one in found if one.name == name)
    return str(service.inputs["taskSpec"]["placement"]["constraints"])


def test_swarm_runs_two_servers_and_three_members_of_the_store() -> None:
    found = registered("swarm")
    services = {one.name for one in found if one.type.endswith("/service:Service")}
    assert {name for name in services if name[:-1] == "main-pg-"} == {"main-pg-0", "main-pg-1"}
    assert {name for name in services if name[:-1] == "main-etcd-"} == {f"main-etcd-{ordinal}" for ordinal in range(3)}
    assert "host3" in constraints(found, "main-etcd-2")


def test_the_third_of_the_hosts_has_a_member_of_the_store_alone() -> None:
    found = registered("swarm", hosts=["host4", "host2", "host1"])
    for ordinal, host in enumerate(["host4", "host2"]):
        assert host in constraints(found, f"main-pg-{ordinal}")
        assert host in constraints(found, f"main-etcd-{ordinal}")
    assert "host1" in constraints(found, "main-etcd-2")


def test_kubernetes_runs_two_servers_and_three_members_of_the_store() -> None:
    sets = {one.name: one.inputs["spec"] for one in registered("kubernetes") if one.type.endswith(":StatefulSet")}
    assert {name: spec["replicas"] for name, spec in sets.items()} == {"main-pg": 2, "main-etcd": 3}


@pytest.mark.parametrize(("nodes", "sound"), [(2, False), (3, True)])
def test_the_store_needs_three_hosts(nodes: int, sound: bool) -> None:
    platform = copy.deepcopy(PLATFORMS["swarm"]) | {"nodes": [f"host{ordinal}" for ordinal in range(nodes)]}
    document = {"platform": platform, "databases": {"main": {"members": 2}}}
    stack = check(document, source="two", secret_names=frozenset())

    def build(_: pulumi.Resource) -> None:
        compose(StackInput(source="two", stack=stack, secrets={}), stack_name="two")

    if sound:
        assert render(build, stack="two")
        return
    with pytest.raises(BrokenStack, match="each member has a host of its own") as refused:
        render(build, stack="two")
    assert {fault.path for fault in refused.value.faults} == {"ha-platform:stack.databases.main.members"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"members": 2}, "nothing is left to take over (got 2)"),
        ({"members": 2, "synchronous": True}, "acknowledged by one server alone"),
        ({"members": 3}, None),
    ],
)
def test_a_preview_says_what_is_lost(keys: dict[str, Any], words: str | None) -> None:
    document = {"platform": PLATFORMS["swarm"], "databases": {"main": keys}}
    stack = check(document, source="two", secret_names=frozenset())
    said = [str(fault) for fault in advice(Context(stack=stack, secret_names=frozenset()))]
    assert (words is not None) == bool(said)
    assert words is None or words in said[0]
