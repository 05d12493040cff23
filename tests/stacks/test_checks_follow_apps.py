"""A balancer checks what the application says that it answers."""

import copy
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import render
from tests.stacks.fixtures import DIRECTORY, settings_of


def asked(change: dict[str, Any], route: dict[str, Any]) -> list[str]:
    """The checks in the balancer's configuration."""
    settings = copy.deepcopy(settings_of(DIRECTORY / "ok" / "dev-on-kubernetes.yaml")[0])
    settings["apps"]["web"]["probes"] = change
    settings["balancers"]["edge"]["routes"] = [{"app": "web", **route}]
    stack = check(settings, source="stack", secret_names=frozenset())
    given = StackInput(source="stack", stack=stack, secrets={})
    recorded = render(lambda _: compose(given, stack_name="test"), stack="test")
    (config,) = (one for one in recorded if one.name == "edge-config")
    (text,) = config.inputs["data"].values()
    return [line.split(" uri ")[1].split()[0] for line in text.splitlines() if "http-check send" in line]


@pytest.mark.parametrize(
    ("probes", "route", "path"),
    [
        ({}, {}, "/health"),
        ({"health": "/api/health"}, {}, "/api/health"),
        ({"health": "/api/health"}, {"check": {"fall": 3}}, "/api/health"),
        ({"health": "/api/health"}, {"check": {"path": "/up"}}, "/up"),
    ],
)
def test_the_check_of_a_route_follows_the_app_unless_it_says_otherwise(
    probes: dict[str, Any], route: dict[str, Any], path: str
) -> None:
    assert asked(probes, route) == [path]
