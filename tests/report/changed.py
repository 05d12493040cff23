"""Real changes of a stack, rendered without an engine, and the reports of ten of them as files."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pulumi

from composition.compose import compose
from composition.promises import promised
from composition.read import StackInput, check
from report.changes import difference
from report.markdown import Told, markdown
from report.picture import picture
from report.side import Resource, Side
from tests.mock_engine import SECRET_MARK, Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

SWARM = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
KUBERNETES = REPOSITORY / "Pulumi.prod.yaml"
OF = {"swarm": SWARM, "kubernetes": KUBERNETES}
DIRECTORY = Path(__file__).parent / "goldens"
SUFFIX = ".md"
Stack = dict[str, Any]
Change = Callable[[Stack], object]


def document(platform: str) -> Stack:
    """The stack file of a platform, with what the changes need."""
    settings, _ = settings_of(OF[platform])
    if platform == "swarm":
        settings["platform"]["nodes"] = ["host1", "host2", "host3", "host4"]
    web = settings["apps"]["web"]
    web["uses"]["main"] = {"prefix": "DATABASE", "pool": 10}
    web["files"] = {"/etc/app/app.toml": 'workers = 4\nlog = "info"\n'}
    web["secrets"] = {"openai_key": "openai_api_key"}
    settings["apps"]["worker"]["uses"]["main"] = {"prefix": "DATABASE", "pool": 4}
    return settings


def made(settings: Stack) -> Side:
    """A side as an engine's preview would give it."""
    stack = check(settings, source="stack", secret_names=None)

    def program(_: object) -> Any:
        secrets = {name: pulumi.Output.secret("not shown") for name in ("openai_api_key", "openai_api_key_2")}
        return compose(StackInput(source="stack", stack=stack, secrets=secrets), stack_name="prod")

    found = render(program, stack="prod")
    classes = {one.name: f"{one.type.rpartition(':')[2]} {one.name}" for one in found if not one.custom}
    things = [_resource(one, classes) for one in found if one.custom]
    return Side(resources={one.path: one for one in things}, promises=promised(stack), picture=picture(stack))


def _resource(one: Recorded, classes: dict[str, str]) -> Resource:
    return Resource(
        path=f"{one.type}::{one.name}",
        type=one.type,
        name=one.name,
        component=classes.get(one.parent, ""),
        inputs=_masked(one.inputs),
    )


def _masked(value: Any) -> Any:
    """As engines show secrets."""
    if isinstance(value, dict):
        return "[secret]" if SECRET_MARK in value else {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


@cache
def base(platform: str) -> Side:
    """Before a change."""
    return made(document(platform))


@cache
def report(platform: str, change: Change) -> str:
    """The whole report of a change."""
    settings = copy.deepcopy(document(platform))
    change(settings)
    told = Told(stack="prod", difference=difference(base(platform), made(settings)))
    return markdown([told], "`base`")


def replicas(stack: Stack) -> None:
    stack["apps"]["web"]["replicas"] = 5


def image(stack: Stack) -> None:
    stack["apps"]["worker"]["image"] = "registry.example.com/chat/worker:2.0.0"


def proxy(stack: Stack) -> None:
    stack["balancers"]["edge"]["routes"][0]["rate_limit"]["requests"] = 100


def timers(stack: Stack) -> None:
    stack["databases"]["main"]["failover"] = {"ttl": "60s"}


def members(stack: Stack) -> None:
    stack["databases"]["main"]["members"] = 5


def rotation(stack: Stack) -> None:
    stack["apps"]["web"]["secrets"] = {"openai_key": "openai_api_key_2"}


def removed(stack: Stack) -> None:
    del stack["databases"]["main"]
    for app in stack["apps"].values():
        app.pop("migrations", None)
        app.get("uses", {}).pop("main", None)


def moved(stack: Stack) -> None:
    stack["databases"]["main"]["hosts"] = ["host1", "host4", "host3"]


def one_line(stack: Stack) -> None:
    stack["apps"]["web"]["files"]["/etc/app/app.toml"] = 'workers = 4\nlog = "debug"\n'


def nothing(_: Stack) -> None:
    """The same stack."""


TEN: dict[str, tuple[str, Change]] = {
    "replica-count": ("swarm", replicas),
    "image": ("kubernetes", image),
    "proxy-setting": ("swarm", proxy),
    "timers": ("swarm", timers),
    "member-count": ("kubernetes", members),
    "secret": ("swarm", rotation),
    "component-removed": ("kubernetes", removed),
    "moved-host": ("swarm", moved),
    "config-line": ("kubernetes", one_line),
    "nothing": ("kubernetes", nothing),
}
"""Name of the golden -> platform and change."""


def golden(name: str) -> str:
    """A golden as it must be."""
    return report(*TEN[name])


def write() -> None:
    """Write all of them; one of no change any more is deleted."""
    DIRECTORY.mkdir(exist_ok=True)
    for path in DIRECTORY.glob(f"*{SUFFIX}"):
        path.unlink()
    for name in TEN:
        (DIRECTORY / f"{name}{SUFFIX}").write_text(golden(name))
