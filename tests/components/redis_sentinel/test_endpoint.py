"""The plain address of a cache: asked for, it is in what clients are given; else nothing of it is there."""

import copy
import json
from typing import Any

import pytest

from components.redis_sentinel.settings import RedisSettings
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


@pytest.mark.parametrize("failover", ["fast", "standard"])
def test_a_proxy_is_ready_while_it_leads_to_a_master_and_lives_without(failover: str) -> None:
    """On a Swarm until it was ready once; a failover, and one whose first vote is split, make none unready."""
    found = rendered("kubernetes", endpoint=True, failover=failover)
    (proxy,) = (one.inputs for one in found if one.name == "sessions-rw" and one.type.endswith(":Deployment"))
    (container,) = proxy["spec"]["template"]["spec"]["containers"]
    ready, live = container["readinessProbe"], container["livenessProbe"]
    assert (ready["httpGet"]["path"], live["httpGet"]["path"]) == ("/ready", "/health")
    assert container["startupProbe"]["httpGet"]["path"] == "/health", "a start is over without a master"
    timers = RedisSettings.model_validate({"role": "session", "failover": failover}).sentinel_timers
    patience = ready["periodSeconds"] * (ready["failureThreshold"] - 1)
    assert patience >= timers.down_after_ms / 1000 + 2 * timers.failover_seconds + 1 + 2.4


def test_a_swarm_s_proxy_is_found_when_it_leads_to_a_master() -> None:
    found = rendered("swarm", endpoint=True)
    (proxy,) = (one.inputs for one in found if one.name == "sessions-rw" and one.type.endswith(":Service"))
    kind, command = proxy["taskSpec"]["containerSpec"]["healthcheck"]["tests"]
    assert kind == "CMD-SHELL"
    live, ready = command.rsplit("; else ", 1)
    assert "/ready" in ready
    assert "/health" not in ready
    assert "/health" in live
    assert "/ready" not in live


@pytest.mark.parametrize("platform", STACKS)
def test_a_database_s_proxies_are_ready_as_before(platform: str) -> None:
    assert "/ready" not in text(rendered(platform), "main-rw-config")
