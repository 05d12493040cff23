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


@pytest.mark.parametrize(
    ("front", "required", "named"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_plain_http_beside_tls_in_front_is_named(front: bool, required: bool, named: bool) -> None:
    settings, secrets = settings_of(DIRECTORY / "ok" / "ingress-on-kubernetes.yaml")
    edge = settings["balancers"]["edge"] | {"require_https": required}
    settings["balancers"]["edge"] = edge if front else {key: edge[key] for key in edge if key != "front"}
    stack = check(settings, source="ok", secret_names=secrets)
    texts = [str(fault) for fault in advice(Context(stack=stack, secret_names=secrets))]
    assert len(texts) == named
    assert all("balancers.edge.require_https: is not set: TLS ends in front" in text for text in texts)


@pytest.mark.parametrize(("role", "named"), [("cache", True), ("broker", False), ("session", False)])
def test_a_queue_in_what_evicts_is_named(role: str, named: bool) -> None:
    settings, secrets = settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")
    settings["caches"]["sessions"]["role"] = role
    settings["apps"]["web"]["uses"]["sessions"] = {"prefix": "CELERY", "preset": "celery"}
    stack = check(settings, source="ok", secret_names=secrets)
    texts = [str(fault) for fault in advice(Context(stack=stack, secret_names=secrets))]
    assert len(texts) == named
    assert all("apps.web.uses.sessions.preset: leads a queue into a `role: cache`" in text for text in texts)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"path": "/api", "rewrite": "/", "closed": ["/api/metrics"]}, "the app gets /metrics for it"),
        (
            {"path": "/api", "rewrite": "/v2", "closed": ["/API/metrics"]},
            "does not close what is asked as /API/metrics",
        ),
        ({"path": "/api", "closed": ["/metrics"]}, "closes nothing: no route leads there"),
        ({"path": "/api", "rewrite": "/v2", "closed": ["/v3/metrics"]}, "closes nothing: no route leads there"),
    ],
)
def test_a_closed_path_that_closes_nothing_is_named(route: dict[str, Any], words: str) -> None:
    (text,) = said(route, {})
    assert text.startswith("ha-platform:stack.balancers.edge.routes[0].closed[0]: ")
    assert words in text


@pytest.mark.parametrize(
    "route",
    [
        {"closed": ["/metrics"]},
        {"path": "/api", "closed": ["/api/metrics", "/API/admin"]},
        {"path": "/api", "rewrite": "/", "closed": ["/metrics"]},
        {"path": "/api", "rewrite": "/v2", "closed": ["/v2/metrics"]},
    ],
)
def test_a_closed_path_that_is_asked_for_is_not_named(route: dict[str, Any]) -> None:
    assert said(route, {}) == []
