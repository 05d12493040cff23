"""A stack's registrations as text."""

import re
from pathlib import Path
from typing import Any

import yaml

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

DIRECTORY = Path(__file__).parent
STACKS = {
    "dev": REPOSITORY / "Pulumi.dev.yaml",
    "dev-on-kubernetes": REPOSITORY / "tests/stacks/ok/dev-on-kubernetes.yaml",
    "prod": REPOSITORY / "Pulumi.prod.yaml",
    "prod-on-swarm": REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml",
}
_CONTENT_TAG = re.compile(r"(127\.0\.0\.1:5000/ha-platform/[a-z0-9-]+):[0-9a-f]{12}\b")


def registrations(path: Path, stack_name: str) -> list[Recorded]:
    """What the program registers for a stack file."""
    settings, _ = settings_of(path)
    stack = check(settings, source=path.name, secret_names=frozenset())
    given = StackInput(source=path.name, stack=stack, secrets={})
    return render(lambda _parent: compose(given, stack_name=stack_name), stack=stack_name)


def golden_path(name: str) -> Path:
    """Where the golden of a stack is."""
    return DIRECTORY / f"{name}.golden.yaml"


def golden_text(name: str) -> str:
    """The golden of a stack as it must be."""
    resources = [_resource(one) for one in registrations(STACKS[name], name.partition("-")[0]) if one.name != "parent"]
    text = yaml.dump(resources, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return _CONTENT_TAG.sub(r"\1:<content>", text)


def _resource(one: Recorded) -> dict[str, Any]:
    document: dict[str, Any] = {"type": one.type, "name": one.name}
    optional = {
        "parent": one.parent,
        "depends_on": list(one.depends_on),
        "provider": one.provider,
        "protect": one.protect,
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
