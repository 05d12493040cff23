"""The plain address of a cache: asked for, it is in what clients are given; else nothing of it is there."""

import copy
import json
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

STACKS = {"kubernetes": REPOSITORY / "Pulumi.prod.yaml", "swarm": REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"}


def rendered(platform: str, **changes: Any) -> list[Recorded]:
    settings = copy.deepcopy(settings_of(STACKS[platform])[0])
    settings["caches"]["sessions"] |= changes
    stack = check(settings, source="test", secret_names=frozenset())
    found = render(lambda _: compose(StackInput(source="test", stack=stack, secrets={}), stack_name="prod"))
    return [one for one in found if one.custom]


def text(found: list[Recorded], name: str) -> str:
    """All that is registered under a name."""
    return "".join(json.dumps(one.inputs) for one in found if one.name == name)


@pytest.mark.parametrize("platform", STACKS)
def test_clients_get_the_address_and_wait_for_it(platform: str) -> None:
    found = rendered(platform, endpoint=True)
    app = text(found, "web")
    for variable in ("REDIS_HOST", "REDIS_PORT", "REDIS_URL_FILE", "REDIS_SENTINELS"):
        assert f'"{variable}"' in app
    assert any("sessions-rw" in one.depends_on for one in found if one.name == "web")


@pytest.mark.parametrize("platform", STACKS)
def test_the_password_is_in_no_configuration_and_no_argument(platform: str) -> None:
    """HAProxy reads it as a variable, which a launcher makes of a secret file."""
    found = rendered(platform, endpoint=True)
    assert "${REDIS_PASSWORD}" in text(found, "sessions-rw-config")
    proxy = text(found, "sessions-rw")
    assert "/run/secret-env" in proxy
    assert "sessions-probe-password" in proxy


@pytest.mark.parametrize("platform", STACKS)
def test_without_it_nothing_is_there(platform: str) -> None:
    found = rendered(platform)
    assert not [one.name for one in found if one.name.startswith("sessions-rw")]
    assert "REDIS_URL_FILE" not in text(found, "web")
