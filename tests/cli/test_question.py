"""What `up` asks of a balancer."""

from typing import Any

import pytest

from cli.question import Question, question
from composition.stack import Stack
from settings.load import load

SAMPLE = "/chat?prompt=hello&tokens=12&delay_ms=40"
OWN = {"image": "registry.example.com/x/chat:1.0", "port": 8000}


def stack(routes: list[dict[str, Any]], images: dict[str, Any] | None = None, **apps: dict[str, Any]) -> Stack:
    document = {
        "platform": {"kind": "kubernetes"},
        "images": images or {},
        "balancers": {"edge": {"listen": {"http": 8080}, "routes": routes}},
        "apps": apps,
    }
    loaded = load(Stack, document, root="stack")
    assert not loaded.faults
    return loaded.sound


@pytest.mark.parametrize(
    ("route", "app", "asked"),
    [
        ({}, OWN, Question(path="/health")),
        ({}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/api/health")),
        ({}, {**OWN, "probes": {"interval": "5s"}}, Question(path="/health")),
        ({"check": {"path": "/up"}}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/up")),
        ({"host": "a.example.com"}, OWN, Question(path="/health", host="a.example.com")),
        ({"path": "/api"}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/api/health")),
        ({"path": "/api"}, OWN, Question(path="/api")),
        ({"closed": ["/health"]}, OWN, Question(path="/")),
        ({"closed": ["/heal"]}, OWN, Question(path="/health")),
        ({"closed": ["/Health"]}, {**OWN, "probes": {"health": "/health.json"}}, Question(path="/")),
        ({"rewrite": "/own", "closed": ["/own/health"]}, OWN, Question(path="/")),
        ({}, {**OWN, "image": "chat:1.0"}, Question(path="/health")),
    ],
)
def test_what_is_asked(route: dict[str, Any], app: dict[str, Any], asked: Question) -> None:
    settings = stack([{"app": "web", **route}], web=app)
    assert question(settings, settings.balancers["edge"]) == asked


def test_a_route_whose_check_it_leads_to_is_asked_before_another() -> None:
    settings = stack([{"app": "web", "path": "/api"}, {"app": "page"}], web=OWN, page=OWN)
    assert question(settings, settings.balancers["edge"]) == Question(path="/health")


@pytest.mark.parametrize(
    ("percent", "asked"),
    [
        (0, Question(path=SAMPLE, sample=True)),
        (50, Question(path="/health")),
        (100, Question(path="/next/health")),
    ],
)
def test_a_route_is_asked_what_each_side_that_answers_knows(percent: int, asked: Question) -> None:
    apps = {"web": {"image": "chat", "port": 8000}, "next": {**OWN, "probes": {"health": "/next/health"}}}
    routes = [{"app": "web", "shift": {"to": "next", "percent": percent}}]
    settings = stack(routes, {"source": "sandbox"}, **apps)
    assert question(settings, settings.balancers["edge"]) == asked


def test_the_sample_application_is_known_by_its_image_and_source() -> None:
    sample = {"image": "chat", "port": 8000}
    settings = stack([{"app": "web"}], {"source": "sandbox"}, web=sample)
    assert question(settings, settings.balancers["edge"]) == Question(path=SAMPLE, sample=True)
    own = {"ref": "registry.example.com/chat:1", "uid": 1, "gid": 1, "http_probe": "curl"}
    settings = stack([{"app": "web"}], {"source": "sandbox", "override": {"chat": own}}, web=sample)
    assert question(settings, settings.balancers["edge"]) == Question(path="/health")


@pytest.mark.parametrize(
    ("status", "sample", "any_other"),
    [
        (200, True, True),
        (308, True, True),
        (401, False, True),
        (404, False, True),
        (400, False, True),
        (408, False, False),
        (429, False, False),
        (503, False, False),
    ],
)
def test_what_is_an_answer(status: int, sample: bool, any_other: bool) -> None:
    assert Question(path="/", sample=True).is_answered_by(status) is sample
    assert Question(path="/").is_answered_by(status) is any_other
