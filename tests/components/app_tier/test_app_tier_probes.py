"""The health checks of an application tier."""

from typing import Any

import pytest

from components.app_tier.probes import probes
from components.app_tier.settings import AppTierSettings
from model import ExecCheck, HttpCheck, TcpCheck


def settings(**fields: Any) -> AppTierSettings:
    return AppTierSettings.model_validate({"image": "registry.example/app:1", **fields})


def test_liveness_is_slower_than_readiness() -> None:
    found = probes(settings(port=8000, probes={"ready": "/ready", "interval": "2s", "timeout": "1s"}))
    assert (found.ready.check, found.live.check) == (
        HttpCheck(path="/ready", port=8000),
        HttpCheck(path="/health", port=8000),
    )
    assert (found.ready.interval_seconds, found.ready.failures) == (2, 3)
    assert (found.live.interval_seconds, found.live.failures) == (10, 6)


def test_a_worker_that_waits_for_its_broker_is_not_restarted() -> None:
    found = probes(settings(probes={"command": ["ping", "broker"]}))
    assert found.live.check == found.ready.check == ExecCheck(command=("ping", "broker"))
    assert found.live.interval_seconds * found.live.failures >= 600


def test_a_worker_may_say_itself_what_a_restart_helps_against() -> None:
    found = probes(settings(probes={"command": ["ping", "broker"], "live": {"command": ["alive"], "timeout": "9s"}}))
    assert found.live.check == ExecCheck(command=("alive",))
    assert (found.live.interval_seconds, found.live.timeout_seconds, found.live.failures) == (30, 9, 6)


def test_every_check_says_the_host_that_the_application_answers_to() -> None:
    found = probes(settings(port=8000, probes={"host": "www.example.com"}))
    checks = {check.host for check in (found.ready.check, found.live.check) if isinstance(check, HttpCheck)}
    assert checks == {"www.example.com"}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"port": 8000, "probes": {"live": {"command": ["x"]}}}, "`probes.live.command` is for tiers without a `port`"),
        ({"probes": {"command": ["x"], "host": "a.b"}}, "`probes.host` is for tiers with a `port`"),
        ({"port": 8000, "probes": {"live": {"interval": "1s"}}}, "`live.timeout` must not exceed `live.interval`"),
    ],
)
def test_what_does_not_go_together(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        settings(**fields)


def test_what_does_not_speak_http_only_has_to_take_connections() -> None:
    found = probes(settings(ports={"mqtt": 1883}, probes={"tcp": "mqtt"}))
    assert found.ready.check == found.live.check == TcpCheck(port=1883)
    assert (found.live.interval_seconds, found.live.failures) == (10, 6)


@pytest.mark.parametrize(
    "fields",
    [
        {"port": 8000, "probes": {"tcp": "mqtt"}},
        {"probes": {"tcp": "mqtt", "command": ["check"]}},
        {"probes": {"tcp": "mqtt", "port": "mqtt"}},
    ],
)
def test_there_is_one_way_to_check(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is for tiers without a"):
        settings(ports={"mqtt": 1883}, **fields)
