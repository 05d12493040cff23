"""Each example is sound, renders, and passes the policies; its README says what is true of it."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.rabbitmq.definitions import password_hash
from composition.kinds import components
from tests.docs.pages import anchors, links, make_targets
from tests.examples.example import DIRECTORY, EXAMPLES, ON_EACH_PLATFORM, Example, given_value, rendered
from tests.mock_engine import SECRET_MARK, Recorded
from tests.policies.exceptions import of_example
from tests.policies.judged import all_faults, caught, clear, recorded
from tests.policies.plants_kubernetes import KUBERNETES
from tests.policies.plants_swarm import SWARM
from tests.stacks.fixtures import REPOSITORY

WORKLOADS = {
    "swarm": ("docker:index/service:Service",),
    "kubernetes": ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"),
}
PARTS = {"balancers": "", "apps": "", "databases": "-pg", "caches": "-redis"}
"""Map of a stack -> what the name of its first workload ends with."""
PAGES = [DIRECTORY / "README.md", *(example.readme for example in EXAMPLES)]

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
on_each_platform = pytest.mark.parametrize("example", ON_EACH_PLATFORM, ids=lambda example: example.id)


def test_every_folder_is_an_example() -> None:
    folders = {path for path in DIRECTORY.iterdir() if path.is_dir()}
    assert folders, "there are examples"
    assert {example.path.parent for example in EXAMPLES} == folders
    assert all(example.name == example.path.parent.name for example in EXAMPLES), "a stack is named like its folder"
    assert {example.stack().platform.kind for example in EXAMPLES} == set(WORKLOADS), "both platforms are shown"


@on_each_platform
def test_it_is_sound_with_the_secrets_that_the_readme_names(example: Example) -> None:
    stack = example.stack()
    used = {use.name for kind, part in components(stack) for use in kind.secrets(part.settings)}
    assert example.secrets() == used - set(stack.generated_secrets), (
        "the README names the secrets that the stack uses, and no other"
    )


@cache
def validator(schema: Path) -> Any:
    """Of a schema that is itself checked once."""
    read = json.loads(schema.read_text())
    kind = jsonschema.validators.validator_for(read)
    kind.check_schema(read)
    return kind(read)


@each_example
def test_editors_find_the_schema_and_it_accepts_the_file(example: Example) -> None:
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", example.path.read_text())
    assert found, "the first line names the schema"
    validator((example.path.parent / found[1]).resolve()).validate(example.document())


@on_each_platform
def test_every_part_is_rendered(example: Example) -> None:
    stack = example.stack()
    workloads = {one.name for one in rendered(example) if one.type in WORKLOADS[stack.platform.kind]}
    for room, suffix in PARTS.items():
        for name in getattr(stack, room):
            members = {f"{name}{suffix}", f"{name}{suffix}-0"}
            assert members & workloads, f"{room}.{name} runs nothing"


@on_each_platform
def test_the_policies_pass(example: Example) -> None:
    found: dict[str, str] = {}
    for rule, fault in all_faults(recorded(rendered(example))):
        found.setdefault(rule, fault)
    assert {rule: fault for rule, fault in found.items() if rule not in of_example(example.name)} == {}


PLANTS = {"kubernetes": KUBERNETES, "swarm": SWARM}


@on_each_platform
def test_the_policies_see_planted_defects(example: Example) -> None:
    """Each example gets some of them; together they get all."""
    kind = example.stack().platform.kind
    alike = [one for one in ON_EACH_PLATFORM if one.stack().platform.kind == kind]
    plants = [
        one for one in PLANTS[kind][alike.index(example) :: len(alike)] if one.rule not in of_example(example.name)
    ]
    stack = recorded(rendered(example))
    seen = {str(one): caught(one, stack, deepcopy(stack)) for one in plants}
    assert not [name for name, is_seen in seen.items() if is_seen is False]
    assert any(seen.values()), "the example has a place for one of them"


HASHED = {"broker_operator_password": ("operator",)}
"""Secrets of which a stack holds a hash alone: name -> whose passwords they are."""


@on_each_platform
def test_given_secrets_stand_in_secrets_only(example: Example) -> None:
    resources = rendered(example)
    inputs = str([one.inputs for one in resources])
    for name in example.secrets():
        hashes = [password_hash(user, given_value(name)) for user in HASHED.get(name, ())]
        line = max(given_value(name).splitlines(), key=len)  # ends of lines are written in several ways
        used = line in inputs or any(_encoded(text, resources) for text in (line, *hashes))
        assert used, f"{name} is used nowhere"
        shown = [one.name for one in resources if line in str(_without_secrets(one.inputs))]
        assert not shown, f"{name} is shown by {shown}"


def _encoded(value: str, resources: tuple[Recorded, ...]) -> bool:
    """Whether a Swarm secret holds the value: its data is base64."""
    import base64

    datas = [str(clear(one.inputs).get("data", "")) for one in resources if one.type.endswith(":Secret")]
    return any(value.encode() in base64.b64decode(data) for data in datas)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items() if key != SECRET_MARK}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def app_uses() -> Iterator[tuple[Example, str, str]]:
    """An example, an app in it, and another app that it uses."""
    for example in ON_EACH_PLATFORM:
        apps = example.stack().apps
        yield from ((example, name, used) for name, app in apps.items() for used in app.uses if used in apps)


def variables(example: Example, app: str) -> dict[str, Any]:
    """The variables of an application's first workload."""
    kinds = WORKLOADS[example.stack().platform.kind]
    (inputs,) = [one.inputs for one in rendered(example) if one.type in kinds and one.name in {app, f"{app}-0"}]
    if example.stack().platform.kind == "swarm":
        return dict(inputs["taskSpec"]["containerSpec"]["env"])
    return {one["name"]: one.get("value") for one in inputs["spec"]["template"]["spec"]["containers"][0]["env"]}


def test_an_address_inside_the_stack_is_told_and_not_written() -> None:
    written = [value for each in EXAMPLES for app in each.stack().apps.values() for value in app.env.values()]
    hosts = [url[1] for value in written if (url := re.match(r"https?://([^/:]+)", value))]
    assert [host for host in hosts if not host.endswith(".example.com")] == []
    found = list(app_uses())
    assert {example.stack().platform.kind for example, _, _ in found} == set(WORKLOADS), "shown on both platforms"
    for example, name, used in found:
        host = f"{example.name}-{used}" if example.stack().platform.kind == "swarm" else used
        told = [str(value) for value in variables(example, name).values()]
        assert any(f"//{host}" in value for value in told), f"{example.id}: {name} -> {used}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_and_commands_of_a_page_lead_somewhere(page: Any) -> None:
    targets = list(links(page))
    assert targets, "every page links to others"
    for target in targets:
        path, _, fragment = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} does not exist"
        assert not fragment or fragment in anchors(found), f"{target}: no such heading"
    known = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert make_targets(page)
    assert make_targets(page) <= known


@each_example
def test_the_readme_previews_this_file_under_its_name(example: Example) -> None:
    previews = re.findall(r"make preview STACK_FILE=(\S+) STACK=(\S+)", example.readme.read_text())
    assert previews == [(str(example.path.relative_to(REPOSITORY)), example.name)]
    assert set(re.findall(r"\bmake secret STACK=(\S+)", example.readme.read_text())) == {example.name}


def test_the_examples_are_listed() -> None:
    listed = set(links(DIRECTORY / "README.md"))
    assert {f"{example.name}/README.md" for example in EXAMPLES} <= listed
    assert "examples/README.md" in set(links(REPOSITORY / "README.md"))
