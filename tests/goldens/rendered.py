"""A stack's registrations as texts: `<stack>/<component>.golden.yaml`."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

DIRECTORY = Path(__file__).parent
SUFFIX = ".golden.yaml"
STACKS = {
    "dev": REPOSITORY / "Pulumi.dev.yaml",
    "dev-on-kubernetes": REPOSITORY / "tests/stacks/ok/dev-on-kubernetes.yaml",
    "nginx-on-kubernetes": REPOSITORY / "tests/stacks/ok/nginx-on-kubernetes.yaml",
    "nginx-on-swarm": REPOSITORY / "tests/stacks/ok/nginx-on-swarm.yaml",
    "gateway-on-kubernetes": REPOSITORY / "tests/stacks/ok/gateway-on-kubernetes.yaml",
    "ingress-on-kubernetes": REPOSITORY / "tests/stacks/ok/ingress-on-kubernetes.yaml",
    "keys-on-kubernetes": REPOSITORY / "tests/stacks/ok/keys-on-kubernetes.yaml",
    "keys-on-swarm": REPOSITORY / "tests/stacks/ok/keys-on-swarm.yaml",
    "prod": REPOSITORY / "Pulumi.prod.yaml",
    "prod-on-swarm": REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml",
    "rotating": REPOSITORY / "tests/stacks/ok/rotating.yaml",
}
_CONTENT_TAG = re.compile(r"(127\.0\.0\.1:5000/ha-platform/[a-z0-9-]+):[0-9a-f]{12}\b")


@cache
def registrations(path: Path, stack_name: str) -> tuple[Recorded, ...]:
    """What the program registers for a stack file. Rendered once for all tests that only look at it."""
    settings, _ = settings_of(path)
    stack = check(settings, source=path.name, secret_names=frozenset())
    given = StackInput(source=path.name, stack=stack, secrets={})
    return tuple(render(lambda _parent: compose(given, stack_name=stack_name), stack=stack_name))


def golden_registrations(name: str) -> tuple[Recorded, ...]:
    """What a golden is made of."""
    return registrations(STACKS[name], name.partition("-")[0])


def golden_files(name: str) -> dict[str, str]:
    """The goldens of a stack as they must be: file name -> text. One file for each component; what belongs to none of
    them is the platform's."""
    recorded = [one for one in golden_registrations(name) if one.name != "parent"]
    components = {one.name: f"{_words(one.type.rpartition(':')[2])}-{one.name}" for one in recorded if not one.custom}
    rooms: dict[str, list[Recorded]] = {}
    for one in recorded:
        rooms.setdefault(components.get(one.parent if one.custom else one.name, "platform"), []).append(one)
    return {f"{room}{SUFFIX}": _text_of(resources) for room, resources in sorted(rooms.items())}


def committed_files(name: str) -> dict[str, str]:
    """The goldens of a stack as they are in the tree."""
    return {path.name: path.read_text() for path in sorted((DIRECTORY / name).glob(f"*{SUFFIX}"))}


def _words(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", class_name).lower()


def _text_of(resources: list[Recorded]) -> str:
    documents = [_resource(one) for one in resources]
    text = yaml.dump(documents, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return _CONTENT_TAG.sub(r"\1:<content>", text)


def _resource(one: Recorded) -> dict[str, Any]:
    document: dict[str, Any] = {"type": one.type, "name": one.name}
    optional = {
        "parent": one.parent,
        "depends_on": list(one.depends_on),
        "provider": one.provider,
        "protect": one.protect,
        "retain_on_delete": one.retain_on_delete,
        "ignore_changes": list(one.ignore_changes),
        "inputs": _sorted(one.inputs),
    }
    return document | {key: value for key, value in optional.items() if value}


def _sorted(value: Any) -> Any:
    """Keys in alphabetic order: the order of registration arguments is nobody's promise."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
