"""The two programs that are compared: the stack of N workloads, and a bare program with the same resources."""

import json
from pathlib import Path
from typing import Any

import yaml

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render

PLATFORMS: dict[str, dict[str, Any]] = {
    "swarm": {"kind": "swarm", "nodes": ["host1", "host2", "host3"], "entry": "dns"},
    "kubernetes": {"kind": "kubernetes"},
}

_BARE_PROGRAM = (Path(__file__).parent / "bare_program.py.txt").read_text()


def stack_settings(platform: str, workloads: int) -> dict[str, Any]:
    """A stack of `workloads` application tiers, each with a port and metrics."""
    app = {"image": "registry.example.com/chat/web:1.0.0", "port": 8000, "replicas": 2, "metrics": {}}
    return {"platform": PLATFORMS[platform], "apps": {f"app-{index}": app for index in range(workloads)}}


def write_stack_file(directory: Path, settings: dict[str, Any]) -> Path:
    """A stack file for `--stack-file`."""
    path = directory / "Pulumi.bench.yaml"
    path.write_text(yaml.safe_dump({"config": {"ha-platform:stack": settings}}, sort_keys=False))
    return path


def write_bare_program(directory: Path, settings: dict[str, Any]) -> int:
    """A project with the same resources; returns how many."""
    stack = check(settings, source="bench", secret_names=frozenset())
    given = StackInput(source="bench", stack=stack, secrets={})
    recorded = [one for one in render(lambda _: compose(given, stack_name="bench")) if one.name != "parent"]
    (directory / "Pulumi.yaml").write_text("name: ha-platform\nruntime: python\n")
    (directory / "Pulumi.bench.yaml").write_text("config: {}\n")
    (directory / "__main__.py").write_text(_BARE_PROGRAM)
    (directory / "resources.json").write_text(json.dumps([_document(one) for one in _ordered(recorded)]))
    return len(recorded)


def _document(one: Recorded) -> dict[str, Any]:
    return {
        "type": one.type,
        "name": one.name,
        "custom": one.custom,
        "parent": one.parent,
        "depends_on": list(one.depends_on),
        "inputs": one.inputs,
        "arguments": {key: _snake(key) for key in one.inputs if key not in ("apiVersion", "kind")},
    }


def _ordered(recorded: list[Recorded]) -> list[Recorded]:
    """Parents and dependencies first. Components are parents, all others are what others depend on."""
    parents = {one.name: one for one in recorded if not one.custom}
    resources = {one.name: one for one in recorded if one.custom}
    done: dict[tuple[str, str], Recorded] = {}

    def visit(one: Recorded) -> None:
        key = (one.type, one.name)
        if key in done:
            return
        needed = [parents.get(one.parent), *(resources.get(name) for name in one.depends_on)]
        for other in needed:
            if other is not None and other is not one:
                visit(other)
        done.setdefault(key, one)

    for one in recorded:
        visit(one)
    return list(done.values())


def _snake(camel: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel)
