"""What is said of nodes without the labels that a stack asks for."""

import copy
from typing import Any

from cli.node_labels import Wish, lacking, wishes
from composition.stack import Stack
from tests.stacks.fixtures import DIRECTORY, settings_of

DATABASE = {"node-type": "database"}


def stack(**placement: Any) -> Stack:
    settings = copy.deepcopy(settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")[0])
    settings["databases"]["main"]["placement"] = placement
    del settings["caches"]["jobs"]["hosts"]
    return Stack.model_validate(settings)


def test_every_part_with_a_place_is_looked_at() -> None:
    found = {wish.path: wish for wish in wishes(stack(labels=DATABASE))}
    assert found["databases.main"] == Wish(path="databases.main", labels=DATABASE, hosts=("host1", "host2", "host3"))
    assert found["caches.sessions"].hosts == ("host2", "host3", "host1")
    assert found["caches.jobs"].hosts == ("host1", "host2", "host3")
    assert found["apps.web"].hosts == ()
    assert found["monitoring.prometheus"].hosts == ("host1",)


def test_the_hosts_of_members_must_have_the_labels() -> None:
    nodes = {"a": {"node-type": "database"}, "b": {"node-type": "web"}, "c": {}}
    problems, commands = lacking(iter([Wish(path="databases.main", labels=DATABASE, hosts=("a", "b", "c"))]), nodes)
    assert problems == [
        "databases.main.placement.labels: b runs a member and lacks node-type=database.",
        "databases.main.placement.labels: c runs a member and lacks node-type=database.",
    ]
    assert commands == [
        "docker node update --label-add node-type=database b",
        "docker node update --label-add node-type=database c",
    ]


def test_one_node_with_all_labels_is_enough_for_replicas() -> None:
    wish = Wish(path="apps.web", labels={"gpu": "yes", "zone": "1"})
    problems, commands = lacking(iter([wish]), {"a": {"gpu": "yes"}, "b": {"zone": "1"}})
    assert problems == ["apps.web.placement.labels: no node has gpu=yes, zone=1; add them to a node that may run it."]
    assert commands == ["docker node update --label-add gpu=yes --label-add zone=1 NODE"]
    assert lacking(iter([wish]), {"a": {}, "b": {"zone": "1", "gpu": "yes"}}) == ([], [])


def test_a_stack_without_labels_asks_for_nothing() -> None:
    assert lacking(wishes(stack()), {}) == ([], [])
