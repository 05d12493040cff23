"""What a sound stack is told without being refused."""

from typing import Any

import pytest

from components.context import Context
from composition.read import check
from composition.rules import advice
from tests.stacks.fixtures import DIRECTORY, settings_of


def said(route: dict[str, Any], app: dict[str, Any]) -> list[str]:
    settings, secrets = settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")
    settings["balancers"]["edge"]["routes"][0] |= route
    settings["apps"]["web"] |= app
    stack = check(settings, source="ok", secret_names=secrets)
    return [str(fault) for fault in advice(Context(stack=stack, secret_names=secrets))]


def test_a_body_that_tmp_cannot_hold_is_named_with_the_fix() -> None:
    (text,) = said({"max_body": "500Mi"}, {})
    assert text.startswith(
        "ha-platform:stack.balancers.edge.routes[0].max_body: is above the 64 MiB of /tmp in apps.web"
    )
    assert "got 500 MiB" in text
    assert "apps.web.writable_paths" in text


def test_an_update_needs_devices_beside_those_in_use() -> None:
    (text,) = said({}, {"devices": {"gpu": 2}, "rollout": {"parallelism": 2}})
    assert text.startswith("ha-platform:stack.apps.web.devices: an update starts new replicas before old ones stop")
    assert "waits until gpu: 4 more are free" in text
    assert said({}, {"devices": {"gpu": 2}, "rollout": {"order": "stop-first"}}) == []


@pytest.mark.parametrize(
    ("route", "app"),
    [({}, {}), ({"max_body": "64Mi"}, {}), ({"max_body": "500Mi"}, {"writable_paths": {"/tmp": "500Mi"}})],
)
def test_what_fits_is_not_named(route: dict[str, Any], app: dict[str, Any]) -> None:
    assert said(route, app) == []
