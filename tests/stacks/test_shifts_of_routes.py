"""A second application in a route, in a whole stack: whatever knows the first one knows it, too."""

import copy
from functools import cache
from typing import Any

from components.context import Context
from composition.compose import compose
from composition.promises import promised
from composition.read import StackInput, check
from composition.rules import advice
from composition.stack import Stack
from report.picture import picture
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import DIRECTORY, REPOSITORY, settings_of

FILES = {"swarm": REPOSITORY / "Pulumi.dev.yaml", "kubernetes": DIRECTORY / "ok" / "dev-on-kubernetes.yaml"}


def stack(platform: str = "kubernetes", *, route: dict[str, Any] | None = None, **own: Any) -> Stack:
    settings = copy.deepcopy(settings_of(FILES[platform])[0])
    web = settings["apps"]["web"]
    settings["apps"]["next"] = {key: web[key] for key in ("image", "port", "command") if key in web} | own
    shift = {"app": "web", "shift": {"to": "next", "percent": 25}}
    settings["balancers"]["edge"]["routes"] = [{**shift, **(route or {})}]
    return check(settings, source="stack", secret_names=frozenset())


@cache
def registered(platform: str) -> tuple[Recorded, ...]:
    given = StackInput(source="stack", stack=stack(platform), secrets={})
    return tuple(render(lambda _: compose(given, stack_name="test"), stack="test"))


def named(platform: str, name: str, kind: str) -> Recorded:
    (found,) = (one for one in registered(platform) if one.name == name and one.type.endswith(f":{kind}"))
    return found


def test_on_kubernetes_the_proxies_reach_both_sides() -> None:
    labels = [
        named("kubernetes", app, "Deployment").inputs["spec"]["template"]["metadata"]["labels"]
        for app in ("web", "next")
    ]
    own = ("app.kubernetes.io/name", "app.kubernetes.io/component")
    apart = {key for key in labels[0] if labels[0][key] != labels[1].get(key)}
    assert apart <= {*own}, "policies select by what both have: the tier"
    (text,) = named("kubernetes", "edge-config", "ConfigMap").inputs["data"].values()
    assert [app for app in ("web", "next") if f"{app}-replicas.ha-platform-test.svc" in text] == ["web", "next"]


def test_on_a_swarm_the_proxies_reach_both_sides() -> None:
    web, other, proxies = (
        {one["id"] for one in named("swarm", name, "Service").inputs["taskSpec"]["networksAdvanceds"]}
        for name in ("web", "next", "edge")
    )
    assert other & proxies == web & proxies != set()
    text = str(named("swarm", "edge-config", "ServiceConfig").inputs["dataRaw"])
    assert [app for app in ("web", "next") if f" test-{app}:8000" in text] == ["web", "next"]


def test_the_drain_covers_the_requests_of_both() -> None:
    said = promised(stack())["balancers.edge"]["drain"]["drain"]
    assert said.startswith("web ")
    assert ", next " in said


def test_the_picture_has_an_arrow_to_both() -> None:
    text = picture(stack())
    assert "n_edge --> n_web" in text
    assert "n_edge --> n_next" in text


def test_a_body_that_the_second_side_cannot_hold_is_named() -> None:
    settings = stack(route={"max_body": "100Mi"}, writable_paths={"/tmp": "32Mi"})
    texts = [str(fault) for fault in advice(Context(stack=settings, secret_names=frozenset()))]
    of_bodies = [text for text in texts if "routes[0].max_body" in text]
    assert any("apps.next.writable_paths" in text for text in of_bodies)
