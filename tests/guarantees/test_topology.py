"""What is left when any one host is lost, counted by hand, and where members are as they are rendered."""

import re
from typing import Any

import pytest

from composition.kinds import components
from composition.promises import each_host
from composition.read import check
from guarantees.topology import Group, host_lost
from tests.goldens.rendered import STACKS, golden_registrations
from tests.stacks.fixtures import settings_of

WEB = {"image": "registry.example.com/x/web:1.0.0", "command": ["run"], "port": 8000}


def _lost(platform: dict[str, Any], **parts: Any) -> dict[str, tuple[str, str]]:
    """Host -> what is missing, and what is left."""
    stack = check({"platform": platform, **parts}, source="x", secret_names=frozenset())
    return {one.host: (str(one), ", ".join(one.left)) for one in each_host(stack, stack.platform.surroundings())}


def _swarm(count: int) -> dict[str, Any]:
    return {"kind": "swarm", "nodes": ["a", "b", "c", "d", "e"][:count], "entry": "dns" if count > 1 else "single-host"}


def test_three_members_survive_any_host() -> None:
    parts = {"databases": {"main": {"members": 3}}, "caches": {"sessions": {"role": "session", "endpoint": True}}}
    lost = _lost(_swarm(3), **parts)
    assert lost == dict.fromkeys(
        "abc",
        (
            "everything goes on",
            "main-pg 2 of 3, main-etcd 2 of 3, main-rw 1 of 2, sessions-redis 2 of 3, sessions-sentinel 2 of 3, "
            "sessions-rw 1 of 2",
        ),
    )


def test_members_of_their_own_hosts() -> None:
    lost = _lost(_swarm(5), databases={"main": {"members": 1, "hosts": ["d"]}})
    gone = "until the host is back: no database main (main-pg), no writes to main (main-etcd)"
    assert {host: said for host, (said, _) in lost.items()} == {
        "a": "until it runs elsewhere: no address of main (main-rw)",
        "b": "until it runs elsewhere: no address of main (main-rw)",
        "c": "until it runs elsewhere: no address of main (main-rw)",
        "d": f"{gone}; until it runs elsewhere: no address of main (main-rw)",
        "e": "until it runs elsewhere: no address of main (main-rw)",
    }


def test_a_store_on_its_own_hosts_and_strict_writes() -> None:
    database = {
        "members": 2, "hosts": ["a", "b"], "synchronous": "strict", "reads": {},
        "store": {"members": 3, "hosts": ["c", "d", "e"]},
    }  # fmt: skip
    lost = _lost(_swarm(5), databases={"main": database})
    assert lost["a"] == (
        "until the host is back: no writes to main (main-pg)",
        "main-pg 1 of 2, main-etcd 3 of 3, main-rw 1 of 2, main-ro 1 of 2",
    )
    assert lost["e"] == ("everything goes on", "main-pg 2 of 2, main-etcd 2 of 3, main-rw 1 of 2, main-ro 1 of 2")


def test_two_servers_and_three_of_the_store() -> None:
    lost = _lost(_swarm(3), databases={"main": {"members": 2}})
    assert lost["a"][1] == "main-pg 1 of 2, main-etcd 2 of 3, main-rw 1 of 2"
    assert lost["c"][1] == "main-pg 2 of 2, main-etcd 2 of 3, main-rw 1 of 2"


@pytest.mark.parametrize(
    ("replicas", "hosts", "left"), [(2, 2, 1), (3, 3, 2), (4, 3, 2), (5, 3, 3), (6, 3, 4), (1, 3, 0), (3, 1, 0)]
)
def test_the_host_with_the_most_replicas_is_lost(replicas: int, hosts: int, left: int) -> None:
    group = Group(
        name="web", count=replicas, needed=1, moves=True, without="app web", cpu_millis=1, memory_bytes=1, most=0
    )
    found = host_lost("any", [group], hosts)
    assert found.left == (f"web {left} of {replicas}",)
    assert bool(found.stops) is (hosts == 1)
    assert bool(found.pauses) is (left == 0 and hosts > 1)


def test_a_replica_with_a_volume_waits_for_its_host() -> None:
    lost = _lost(_swarm(3), apps={"files": WEB | {"volumes": {"/var/lib/files": "1Gi"}}, "web": WEB | {"replicas": 1}})
    assert lost["a"][0] == "until the host is back: no app files (files); until it runs elsewhere: no app web (web)"
    assert lost["b"][0] == "until it runs elsewhere: no app web (web)"


def test_members_that_share_nodes_may_be_lost_together() -> None:
    shared = {"kind": "kubernetes", "nodes": 2, "share_nodes": True}
    ((said, left),) = _lost(shared, databases={"main": {"members": 3}}).values()
    assert said == "until the host is back: no database main (main-pg), no writes to main (main-etcd)"
    assert left == "main-pg 0 of 3, main-etcd 0 of 3, main-rw 1 of 2"


def test_monitoring_is_a_single_point() -> None:
    monitoring = {"alertmanager": {"receivers": [{"kind": "webhook", "url": "http://x.example.com/"}]}}
    lost = _lost(_swarm(3), monitoring=monitoring | {"prometheus": {"host": "b"}})
    assert lost["a"][0] == "until the host is back: no alerts (alertmanager)"
    assert lost["b"][0] == "until the host is back: no metrics (prometheus)"
    assert lost["c"][0] == "everything goes on"


def test_members_are_where_they_are_rendered() -> None:
    stack = check(settings_of(STACKS["prod-on-swarm"])[0], source="x", secret_names=frozenset())
    around = stack.platform.surroundings()
    services = {
        one.inputs["name"].removeprefix("prod-"): one.inputs["taskSpec"]
        for one in golden_registrations("prod-on-swarm")
        if one.type == "docker:index/service:Service"
    }
    groups = [group for kind, part in components(stack) for group in kind.groups(part, around)]
    assert any(group.hosts for group in groups)
    for group in groups:
        if not group.hosts:
            assert group.name in services, "one service with all replicas"
            continue
        alone = group.name in services
        names = [group.name] if alone else [f"{group.name}-{ordinal}" for ordinal in range(group.count)]
        if names[0] not in services:
            names = [f"{group.name}-clock-0"]  # of a schedule
        placed = [re.findall(r"node\.hostname ?== ?([\w.-]+)", str(services[name]["placement"])) for name in names]
        assert placed == [[host] for host in group.hosts], group.name
