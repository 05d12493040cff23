"""Reads the stack from Pulumi's configuration."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pulumi
from pulumi.runtime import get_config

from components.context import Context
from composition.by_hand import ByHand, applied
from composition.rules import advice, broken_rules
from composition.stack import Stack
from model import ROOT
from settings.document import dates, ordered
from settings.faults import BrokenStack, Fault
from settings.load import load

STACK_KEY = ROOT
SECRETS_KEY = "ha-platform:secrets"

_WITHOUT_RULES = {("data",)}
"""A single value that no rule across keys looks at."""


@dataclass(frozen=True, kw_only=True)
class StackInput:
    """A stack that passed every rule, and the given secrets by name."""

    source: str
    stack: Stack
    secrets: Mapping[str, pulumi.Output[str]]


def read_stack(held: Sequence[ByHand] = ()) -> StackInput:
    """The stack of the running program, with the counts `held` by hand.

    Raises BrokenStack with every fault before anything is registered.
    """
    name = pulumi.get_stack()
    source = f"Pulumi.{name}.yaml"
    secrets, faults = _given_secrets(_parsed(get_config(SECRETS_KEY)))
    names = None if secrets is None else frozenset(secrets)
    stack = check(
        applied(_parsed(get_config(STACK_KEY)), held),
        source=source,
        secret_names=names,
        secret_values=secrets or {},
        give_secret=f"pulumi config set -s {name} --secret --path {SECRETS_KEY}.",
        faults=faults,
    )
    for said in advice(Context(stack=stack, secret_names=names)):
        pulumi.log.warn(str(said))
    return StackInput(
        source=source,
        stack=stack,
        secrets={name: pulumi.Output.secret(value) for name, value in (secrets or {}).items()},
    )


def check(
    data: object,
    *,
    source: str,
    secret_names: frozenset[str] | None,
    secret_values: Mapping[str, str] = MappingProxyType({}),
    give_secret: str = Context.give_secret,
    faults: Sequence[Fault] = (),
) -> Stack:
    """The typed stack, or BrokenStack with everything that is wrong: `faults`, the shape of every key, and the rules
    across keys, as far as they can be judged.

    `secret_names` are the names of the given secrets (None: not known), `secret_values` what they hold where that is
    known; `give_secret` is the command that gives one, up to its name.
    """
    if data is None or data == "":
        missing = Fault(path=STACK_KEY, rule="is required", fix="See Pulumi.dev.yaml for an example.")
        raise BrokenStack(source, [*faults, missing])
    loaded = load(Stack, ordered(data), root=STACK_KEY)
    context = Context(
        stack=loaded.sound,
        secret_names=secret_names,
        secret_values=secret_values,
        broken=loaded.broken,
        give_secret=give_secret,
    )
    faults = [*faults, *_dates(data), *loaded.faults, *broken_rules(context)]
    if faults:
        unjudged = [".".join(item) or STACK_KEY for item in loaded.broken - _WITHOUT_RULES]
        raise BrokenStack(source, faults, unjudged=unjudged)
    return loaded.sound


def _dates(data: object) -> Iterator[Fault]:
    """A date without quotes is not a text to the CLI, which hands over another text in its place."""
    for path in dates(data):
        yield Fault(
            path=f"{STACK_KEY}.{path}", rule="is a date in YAML, which arrives in another form", fix="Put it in quotes."
        )


def _given_secrets(secrets: object) -> tuple[dict[str, str] | None, list[Fault]]:
    """The secrets (None: they cannot be read) and what is wrong with them."""
    if secrets is None:
        return {}, []
    if not isinstance(secrets, dict):
        return None, [Fault(path=SECRETS_KEY, rule="must be a map of names to secrets")]
    return secrets, [
        Fault(path=f"{SECRETS_KEY}.{name}", rule="must be a text that is not empty")
        for name, value in secrets.items()
        if not isinstance(value, str) or not value
    ]


def _parsed(raw: str | None) -> object:
    """A configuration value: Pulumi hands maps over as JSON, and a text as it is."""
    try:
        return None if raw is None else json.loads(raw)
    except json.JSONDecodeError:
        return raw
