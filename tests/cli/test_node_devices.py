"""What is said of nodes without the devices that a stack's applications reserve."""

import copy
from typing import Any

from cli.node_devices import Need, Node, lacking, needs, offered
from composition.stack import Stack
from tests.stacks.fixtures import DIRECTORY, settings_of

WEB = Need(path="apps.web", devices={"gpu": 1}, labels={}, replicas=3)


def node(labels: dict[str, str] | None = None, **devices: int) -> Node:
    return Node(labels=labels or {}, devices=devices)


def test_every_app_with_devices_is_looked_at() -> None:
    settings: dict[str, Any] = copy.deepcopy(settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")[0])
    settings["apps"]["web"] |= {"devices": {"gpu": 1}, "placement": {"labels": {"pool": "gpu"}}}
    settings["apps"]["worker"] |= {"devices": {"gpu": 2, "fpga": 1}}
    del settings["apps"]["worker"]["replicas"]
    assert list(needs(Stack.model_validate(settings))) == [
        Need(path="apps.web", devices={"gpu": 1}, labels={"pool": "gpu"}, replicas=3),
        Need(path="apps.worker", devices={"gpu": 2, "fpga": 1}, labels={}, replicas=2),
    ]


def test_no_node_with_the_device_is_a_problem() -> None:
    none = ["apps.web.devices: no node that may run it offers gpu=1 (none is)."]
    assert lacking([WEB], {"a": node(), "b": node()}) == none
    some = "apps.web.devices: no node that may run it offers fpga=1, gpu=1 (a gpu=4, b fpga=1)."
    both = Need(path="apps.web", devices={"gpu": 1, "fpga": 1}, labels={}, replicas=1)
    assert lacking([both], {"a": node(gpu=4), "b": node(fpga=1)}) == [some]
    labelled = Need(path="apps.web", devices={"gpu": 1}, labels={"pool": "gpu"}, replicas=1)
    assert lacking([labelled], {"a": node(gpu=1), "b": node({"pool": "gpu"})}) != []
    assert lacking([labelled], {"a": node({"pool": "gpu"}, gpu=1)}) == []


def test_replicas_need_a_device_each() -> None:
    assert lacking([WEB], {"a": node(gpu=2), "b": node(gpu=1)}) == []
    (problem,) = lacking([WEB], {"a": node(gpu=1), "b": node(gpu=1)})
    assert "room for 2 of 3 replicas with gpu=1 each" in problem
    pairs = Need(path="apps.web", devices={"gpu": 2}, labels={}, replicas=2)
    assert lacking([pairs], {"a": node(gpu=3), "b": node(gpu=1)}) != [], "two halves are no pair"


def test_a_daemon_offers_numbers_and_names() -> None:
    resources = [
        {"NamedResourceSpec": {"Kind": "gpu", "Value": "GPU-1"}},
        {"NamedResourceSpec": {"Kind": "gpu", "Value": "GPU-2"}},
        {"DiscreteResourceSpec": {"Kind": "ssd", "Value": 3}},
    ]
    assert offered({"Resources": {"NanoCPUs": 1, "GenericResources": resources}}) == {"gpu": 2, "ssd": 3}
    assert offered({"Resources": {"NanoCPUs": 1}}) == {}
