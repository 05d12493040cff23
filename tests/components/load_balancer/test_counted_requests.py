"""Where a balancer counts the requests that it passes on, by application."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.kind import Part
from components.load_balancer.haproxy.config import _RouteView
from components.load_balancer.kind import BALANCERS
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from model import Origin
from tests.stacks.fixtures import DIRECTORY, settings_of

ROUTES = [
    {"path": "/", "app": "web"},
    {"path": "/api", "app": "api"},
    {"path": "/v2", "host": "www.example.com", "app": "api"},
    {"path": "/other", "app": "api-2"},
]


def settings(**changed: object) -> LoadBalancerSettings:
    return LoadBalancerSettings.model_validate({"listen": {"http": 80}, "replicas": 2, "routes": ROUTES, **changed})


def counted(one: LoadBalancerSettings) -> dict[str, str]:
    found = BALANCERS.requests(Part("edge", Origin(key="balancers", name="edge"), one))
    assert {each.job for each in found.values()} <= {"balancer-edge"}
    return {app: each.series for app, each in found.items()}


def test_each_application_has_the_backends_of_its_routes_and_no_other() -> None:
    one = settings()
    names = [name for route in one.routes for name in _names(route)]
    for app, series in counted(one).items():
        (pattern,) = re.findall(r'proxy=~"([^"]*)"', series)
        assert series.startswith('haproxy_backend_http_requests_total{job="balancer-edge",')
        fitting = {name for name in names if re.fullmatch(pattern, name)}
        assert fitting == {name for route in one.routes for name in _names(route, app)}, app
    assert set(counted(one)) == {"web", "api", "api-2"}


def test_an_application_that_a_route_shifts_to_is_counted_there() -> None:
    def with_percent(percent: int) -> LoadBalancerSettings:
        return settings(routes=[{"path": "/", "app": "web", "shift": {"to": "api", "percent": percent}}])

    (pattern,) = re.findall(r'proxy=~"([^"]*)"', counted(with_percent(25))["api"])
    names = ("web", "shift_api", "ejecting_shift_api", "shift_api-2")
    assert [name for name in names if re.fullmatch(pattern, name)] == ["shift_api", "ejecting_shift_api"]
    assert {percent: set(counted(with_percent(percent))) for percent in (0, 25, 100)} == {
        0: {"web"}, 25: {"web", "api"}, 100: {"api"}
    }  # fmt: skip


def test_connections_are_no_requests() -> None:
    passed_on = {"mail": {"listen": 2525, "app": "mail", "port": "smtp"}}
    assert "mail" not in counted(settings(tcp=passed_on))


def test_an_engine_that_counts_none_by_application_says_so() -> None:
    assert counted(settings(engine="nginx", routes=ROUTES[:1])) == {}


@pytest.mark.parametrize("path", sorted((DIRECTORY / "ok").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_stacks_lead_to_is_counted(path: Path) -> None:
    for own in settings_of(path)[0].get("balancers", {}).values():
        one = LoadBalancerSettings.model_validate(own)
        if one.engine == "haproxy":
            assert set(counted(one)) == {side.app for route in one.routes for side in route.answering}


def _names(route: Route, app: str = "") -> Iterator[str]:
    """Of its backends that lead to the application; empty: of all."""
    for side in route.answering:
        if app in ("", side.app):
            view = _RouteView(route=route, side=side, backend=None)  # type: ignore[arg-type]
            yield from (view.name, view.ejecting_name)
