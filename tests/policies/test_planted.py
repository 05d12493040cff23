"""Defects that are planted into the goldens, one after the other: each is seen by the rule that is for it."""

import pytest
from rules import RULES

from tests.policies.exceptions import GOLDENS
from tests.policies.judged import caught, golden, said
from tests.policies.plants import Plant
from tests.policies.plants_kubernetes import KUBERNETES
from tests.policies.plants_swarm import GATE_IN, GATES, SWARM

PLANTS = [*KUBERNETES, *SWARM]
INTO = {"kubernetes": "prod", "swarm": "prod-on-swarm"}
SMALL = {"kubernetes": "dev-on-kubernetes", "swarm": "dev"}


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_a_planted_defect_is_seen(plant: Plant) -> None:
    stack = golden(INTO[plant.platform])
    assert caught(plant, golden(INTO[plant.platform]), stack), "the stack has a place for it, and the rule sees it"


@pytest.mark.parametrize("plant", PLANTS[::3], ids=str)
def test_it_is_seen_in_a_small_stack_that_has_a_place_for_it(plant: Plant) -> None:
    name = SMALL[plant.platform]
    if plant.rule not in GOLDENS[name]:  # what is said of the stack already says nothing about the plant
        assert caught(plant, golden(name), golden(name)) is not False


@pytest.mark.parametrize("plant", GATES, ids=str)
def test_a_gate_to_docker_that_is_more_than_one_is_seen(plant: Plant) -> None:
    assert caught(plant, golden(GATE_IN), golden(GATE_IN))


def test_every_rule_has_a_plant_on_every_platform() -> None:
    planted = {(plant.rule, plant.platform) for plant in PLANTS}
    assert planted == {(rule.name, platform) for rule in RULES for platform in rule.platforms}


def test_no_plant_shows_a_value() -> None:
    hidden = [plant for plant in PLANTS if plant.rule.startswith("no-secret-")]
    for plant in hidden:
        stack = golden(INTO[plant.platform])
        plant.change(stack)
        text = " ".join(said(plant.rule, stack))
        assert text
        assert not any(value in text for value in ("hunter2x", "aHVudGVyMng", "wJalrXUtnFEMI"))
