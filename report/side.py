"""A stack as one commit has it: everything that it would register, what it promises, and what its policies say."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from composition.promises import Said
from composition.read import STACK_KEY

SECONDS = 300
_TOLD = f"""
import json, sys, yaml
from composition.promises import promised
from composition.read import check
try:
    from report.picture import picture
except ImportError:
    picture = lambda stack: ""
document = yaml.safe_load(open(sys.argv[1]))["config"]["{STACK_KEY}"]
stack = check(document, source=sys.argv[1], secret_names=None)
print(json.dumps({{"promises": promised(stack), "picture": picture(stack)}}))
"""
"""Runs in the commit's own tree: its own rules compute what it promises."""
_BOOKKEEPING = ("pulumi:", "random:", "tls:index/certRequest")
"""Types that nobody outside of an engine notices."""
_CONTENT = (":Secret", ":ConfigMap", ":ServiceConfig", ":Job")
_RANDOM = re.compile(r"(.+)-[0-9a-f]{7,8}")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registered resource: `path` is its type and name without the stack's, `component` the component that it is
    part of (`PostgresHA main`), or the stack itself."""

    path: str
    type: str
    name: str
    component: str
    inputs: Mapping[str, Any]

    @property
    def noticed(self) -> bool:
        """Whether it is more than bookkeeping."""
        return not self.type.startswith(_BOOKKEEPING)

    @property
    def kind(self) -> str:
        """The last part of the type: `StatefulSet`."""
        return self.type.rpartition(":")[2].rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Side:
    """`resources` by path, `violations` of policies with their level first, the `picture` in Mermaid. `fault` says why
    the stack does not preview; then there is nothing else. A stack that this commit does not have has nothing, and no
    fault."""

    resources: Mapping[str, Resource] = field(default_factory=dict)
    promises: Said = field(default_factory=dict)
    picture: str = ""
    violations: tuple[str, ...] = ()
    fault: str = ""


def side(directory: Path, file: Path, stack: str) -> Side:
    """What the tree in `directory` makes of the stack in `file`, which is a path inside it."""
    if not (directory / file).exists():
        return Side()
    with tempfile.TemporaryDirectory() as state:
        own = {
            "ENGINE": "sandbox",
            "HA_OFFLINE": "1",
            "STACK_FILE": str(file),
            "HA_STATE": state,
            "KUBECONFIG": os.devnull,
        }
        dropped = ("PYTHONPATH", "CALLED_FROM", "HOST", "DOCKER_HOST")
        environment = {name: value for name, value in os.environ.items() if name not in dropped} | own
        preview = _run(directory, environment, "-m", "cli", "preview", stack, "--json")
        told = _run(directory, environment, "-c", _TOLD, str(file))
    document = _document(preview)
    if document is None:
        return Side(fault=_reason(preview).replace(f"{directory}/", ""))
    computed = json.loads(told.stdout) if told.returncode == 0 else {"promises": {}, "picture": ""}
    return Side(
        resources=_resources(document["steps"]),
        **computed,
        violations=tuple(_violations(document["diagnostics"])),
    )


def _run(directory: Path, environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, *arguments]
    return subprocess.run(
        line, cwd=directory, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def _document(done: "subprocess.CompletedProcess[str]") -> dict[str, Any] | None:
    """The preview, or None where there is none. One that only mandatory policies refuse is one."""
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    errors = [one["message"] for one in document["diagnostics"] if one["severity"] == "error"]
    refused = bool(errors) and all(text.startswith("error: [mandatory]") for text in errors)
    return document if done.returncode == 0 or refused else None


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """What it said, without warnings: where a stack file is wrong, the whole list of faults."""
    said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("warning:")]
    return "\n".join(said[-20:]) or f"exit code {done.returncode}"


def _resources(steps: Iterable[Mapping[str, Any]]) -> dict[str, Resource]:
    states = [state for step in steps if (state := step.get("newState")) and state.get("custom")]
    names = dict(filter(None, map(_named_by_content, states)))
    return {one.path: one for one in (_resource(state, names) for state in states)}


def _named_by_content(state: Mapping[str, Any]) -> tuple[str, str] | None:
    """A configuration file's or a secret's object has a random end of its name, another one in every preview. In a
    report it ends by what is in it, so that whoever mounts a changed one is seen to change. (Nobody mounts a job.)"""
    if not state["type"].endswith(_CONTENT):
        return None
    inputs = state.get("inputs", {})
    name = inputs.get("name") or inputs.get("metadata", {}).get("name") or ""
    found = _RANDOM.fullmatch(name)
    if not found:
        return None
    content = {key: inputs.get(key) for key in ("data", "dataRaw", "stringData", "binaryData")}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:7]
    return name, f"{found[1]}-{digest}"


def _resource(state: Mapping[str, Any], names: Mapping[str, str]) -> Resource:
    _, _, types, name = state["urn"].removeprefix("urn:pulumi:").split("::", 3)
    above = state.get("parent", "").removeprefix("urn:pulumi:").split("::", 3)
    component = f"{above[2].rpartition('$')[2].rpartition(':')[2]} {above[3]}" if len(above) == 4 else ""
    return Resource(
        path=f"{types}::{name}",
        type=state["type"],
        name=name,
        component="" if component.startswith("Stack ") else component,
        inputs=_renamed(state.get("inputs", {}), names),
    )


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _violations(diagnostics: list[dict[str, Any]]) -> list[str]:
    """`[mandatory] ha-platform <rule>: <what>`, one line each."""
    found = []
    for one in diagnostics:
        level, _, text = one["message"].strip().partition(": ")
        if level in ("error", "warning") and text.startswith(("[mandatory]", "[advisory]")):
            found.append(" ".join(text.split()))
    return sorted(set(found))
