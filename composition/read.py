"""Reads the stack from Pulumi's configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime import get_config

from composition.rules import broken_rules
from composition.stack import Stack
from settings.faults import BrokenStack, Fault
from settings.load import load

STACK_KEY = "ha-platform:stack"
SECRETS_KEY = "ha-platform:secrets"


@dataclass(frozen=True, kw_only=True)
class StackInput:
    """A stack that passed every rule, and the given secrets by name."""

    source: str
    stack: Stack
    secrets: Mapping[str, pulumi.Output[str]]


def read_stack() -> StackInput:
    """The stack of the running program. Raises BrokenStack with every fault before anything is registered."""
    source = f"Pulumi.{pulumi.get_stack()}.yaml"
    secrets = _given_secrets(source)
    raw = get_config(STACK_KEY)
    if raw is None:
        raise BrokenStack(
            source, [Fault(path=STACK_KEY, rule="is required", fix="See Pulumi.dev.yaml for an example.")]
        )
    stack = check(_json(raw, source, STACK_KEY), source=source, secret_names=frozenset(secrets))
    return StackInput(
        source=source,
        stack=stack,
        secrets={name: pulumi.Output.secret(value) for name, value in secrets.items()},
    )


def check(data: object, *, source: str, secret_names: frozenset[str]) -> Stack:
    """The typed stack, or BrokenStack: first the shape of every field, then the rules across fields."""
    stack = load(Stack, data, source=source, root=STACK_KEY)
    if faults := list(broken_rules(stack, secret_names)):
        raise BrokenStack(source, faults)
    return stack


def _given_secrets(source: str) -> dict[str, str]:
    raw = get_config(SECRETS_KEY)
    if raw is None:
        return {}
    secrets = _json(raw, source, SECRETS_KEY)
    if not isinstance(secrets, dict):
        raise BrokenStack(source, [Fault(path=SECRETS_KEY, rule="must be a map of names to secrets")])
    bad = [name for name, value in secrets.items() if not isinstance(value, str) or not value]
    if bad:
        raise BrokenStack(
            source, [Fault(path=f"{SECRETS_KEY}.{name}", rule="must be a text that is not empty") for name in bad]
        )
    return secrets


def _json(raw: str, source: str, key: str) -> object:
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        raise BrokenStack(source, [Fault(path=key, rule="must be a map", fix="Write it as a YAML block.")]) from None
