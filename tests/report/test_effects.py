"""Real changes of a stack, and what reviewers are told of each."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from composition.compose import compose
from composition.promises import promised
from composition.read import StackInput, check
from report.changes import difference
from report.markdown import Told, markdown
from report.side import Resource, Side
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

SWARM = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
KUBERNETES = REPOSITORY / "Pulumi.prod.yaml"
OF = {"swarm": SWARM, "kubernetes": KUBERNETES}
Stack = dict[str, Any]


def document(platform: str) -> Stack:
    settings, _ = settings_of(OF[platform])
    return settings


def made(settings: Stack) -> Side:
    stack = check(settings, source="stack", secret_names=None)
    found = render(
        lambda _: compose(StackInput(source="stack", stack=stack, secrets={}), stack_name="prod"), stack="prod"
    )
    classes = {one.name: f"{one.type.rpartition(':')[2]} {one.name}" for one in found if not one.custom}
    things = [_resource(one, classes) for one in found if one.custom]
    return Side(resources={one.path: one for one in things}, promises=promised(stack))


def _resource(one: Recorded, classes: dict[str, str]) -> Resource:
    return Resource(
        path=f"{one.type}::{one.name}",
        type=one.type,
        name=one.name,
        component=classes.get(one.parent, ""),
        inputs=one.inputs,
    )


@cache
def base(platform: str) -> Side:
    return made(document(platform))


def said(platform: str, change: Callable[[Stack], object]) -> list[str]:
    """The lines of the first part of the report, without its head."""
    settings = copy.deepcopy(document(platform))
    change(settings)
    told = Told(stack="prod", difference=difference(base(platform), made(settings)))
    first, *_ = markdown([told], "`base`").partition("\n<details>")
    return [line for line in first.splitlines() if line and not line.startswith(("#", "<!--"))]


def _replicas(stack: Stack) -> None:
    stack["apps"]["web"]["replicas"] = 5


def _image(stack: Stack) -> None:
    stack["apps"]["worker"]["image"] = "registry.example.com/chat/worker:2.0.0"


def _one_line(stack: Stack) -> None:
    stack["apps"]["worker"].setdefault("env", {})["LOG_LEVEL"] = "debug"


def _timers(stack: Stack) -> None:
    stack["databases"]["main"]["failover"] = {"ttl": "60s"}


def _removed(stack: Stack) -> None:
    del stack["apps"]["worker"]


def test_nothing_is_said_of_nothing() -> None:
    assert said("swarm", lambda _: None) == ["Nothing changes."]


def test_more_replicas_are_scaled_and_nothing_restarts() -> None:
    lines = said("swarm", _replicas)
    assert "**Restarts**" not in lines
    assert "- AppTier web: `web`: 3 replicas → 5 replicas" in lines
    assert any(line.startswith("- databases.main connections: ") for line in lines), "each opens its own"


@pytest.mark.parametrize("platform", OF)
@pytest.mark.parametrize("change", [_image, _one_line])
def test_another_image_or_variable_restarts_its_application_alone(
    platform: str, change: Callable[[Stack], object]
) -> None:
    first, *others = said(platform, change)
    assert first == "**Restarts**"
    assert [line.partition(":")[0] for line in others] == ["- AppTier worker"]
    assert "the new one before the old one ends" in others[0]


def test_longer_timers_promise_less() -> None:
    lines = said("swarm", _timers)
    assert lines[lines.index("**Runs again**") + 1] == "- PostgresHA main: `main-pg-settings`"
    assert "- databases.main host lost, no writes: 25.4 s → 84 s" in lines, "without an early release, and with 60 s"


@pytest.mark.parametrize("platform", OF)
def test_a_restart_of_servers_says_how_long_writes_are_away(platform: str) -> None:
    def change(stack: Stack) -> None:
        stack["databases"]["main"]["resources"] = {
            "cpu_request": "1", "cpu_limit": "2", "memory_request": "3Gi", "memory_limit": "3Gi",
        }  # fmt: skip

    lines = said(platform, change)
    planned = base(platform).promises["databases.main"]["switchover"]["no writes"]
    wanted = f"no writes for {planned} at most, each time that another member takes over (switchover)"
    assert lines.count(f"- PostgresHA main: {wanted}") == 1


def test_what_is_removed_comes_first() -> None:
    first, second, *_ = said("kubernetes", _removed)
    assert first == "**Removed**"
    assert second == "- AppTier worker: `worker` is removed"


def test_a_published_port_is_said() -> None:
    def change(stack: Stack) -> None:
        stack["monitoring"]["prometheus"] = {**(stack["monitoring"].get("prometheus") or {}), "port": 9191}

    lines = said("swarm", change)
    assert "**Ports**" in lines
    assert any("opens 9191, closes 9090" in line for line in lines)


def test_an_alert_that_is_gone_is_said() -> None:
    def change(stack: Stack) -> None:
        del stack["caches"]["jobs"]
        for app in stack["apps"].values():
            app.get("uses", {}).pop("jobs", None)

    lines = said("kubernetes", change)
    assert "**Alerts**" in lines
    assert any("gone: Redis_jobsDown, " in line for line in lines)


def test_data_that_nobody_uses_any_more_is_said_first() -> None:
    def change(stack: Stack) -> None:
        del stack["databases"]["main"]
        for app in stack["apps"].values():
            app.pop("migrations", None)
            app.get("uses", {}).pop("main", None)

    lines = said("kubernetes", change)
    assert lines[0] == "**Data**"
    assert any(line.startswith("- PostgresHA main: `data-main-pg-0` is not used any more") for line in lines)
