"""What a stack renders, as the texts that its containers read."""

import base64
from typing import Any

import pulumi
from hypothesis import assume

from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import SECRET_MARK, Recorded, render

PLATFORMS: dict[str, dict[str, Any]] = {
    "kubernetes": {"kind": "kubernetes"},
    "swarm": {"kind": "swarm", "nodes": ["host1", "host2", "host3", "host4"], "entry": "dns"},
}


def accepted(document: dict[str, Any], *, secrets: dict[str, str]) -> list[Recorded]:
    """What an accepted stack registers. An example that is refused, by rules or by the platform, is passed over."""
    try:
        stack = check(document, source="generated", secret_names=frozenset(secrets))
    except BrokenStack:
        assume(False)
        raise

    def build(_: pulumi.Resource) -> None:
        given = {name: pulumi.Output.secret(value) for name, value in secrets.items()}
        compose(StackInput(source="generated", stack=stack, secrets=given), stack_name="generated")

    try:
        return render(build, stack="generated")
    except BrokenStack:
        assume(False)
        raise


def text(registered: list[Recorded], name: str) -> str:
    """The text of the one configuration file or secret of this name, on either platform."""
    (found,) = (one for one in registered if one.name == name and holds_text(one))
    return content(found)


def content(one: Recorded) -> str:
    """The text that it holds."""
    inputs = one.inputs
    if "dataRaw" in inputs:
        return str(_clear(inputs["dataRaw"]))
    data = _clear(inputs.get("stringData") or inputs["data"])
    if isinstance(data, str):
        return base64.b64decode(data).decode()
    (only,) = data.values()
    return str(_clear(only))


def holds_text(one: Recorded) -> bool:
    """Whether it is a configuration file or a secret."""
    return one.type.rpartition(":")[2] in ("ConfigMap", "ServiceConfig", "Secret")


def _clear(value: Any) -> Any:
    return value[SECRET_MARK] if isinstance(value, dict) and SECRET_MARK in value else value
