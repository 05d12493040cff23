"""The rules on whole stacks: goldens as they are in the tree, and what an example renders."""

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from rules import RULES
from views import Stack

from tests.goldens.rendered import committed_files
from tests.mock_engine import SECRET_MARK, Recorded

if TYPE_CHECKING:
    from tests.policies.plants import Plant

Given = list[tuple[str, str, Any]]
"""Type, name and properties of each resource, as a policy gets them."""
RULE = {rule.name: rule for rule in RULES}


def faults(rule: str, *resources: tuple[str, dict[str, Any]]) -> list[str]:
    """What one rule says of resources, each named as its object is."""
    given = [(kind, _name(properties), properties) for kind, properties in resources]
    found: list[str] = RULE[rule].faults(Stack.of(given))
    return found


def _name(properties: dict[str, Any]) -> str:
    return str((properties.get("metadata") or {}).get("name") or properties.get("name") or "name")


@cache
def _golden(name: str) -> Given:
    documents = [one for text in committed_files(name).values() for one in yaml.load(text, yaml.CSafeLoader)]
    return [(one["type"], one["name"], clear(one.get("inputs") or {})) for one in documents]


def golden(name: str) -> Given:
    """A golden stack; the caller may change it."""
    return deepcopy(_golden(name))


def recorded(resources: tuple[Recorded, ...]) -> Given:
    """What a program registered."""
    return [(one.type, one.name, clear(one.inputs)) for one in resources]


def clear(value: Any) -> Any:
    """Policies see secrets in clear."""
    if isinstance(value, dict):
        return clear(value[SECRET_MARK]) if SECRET_MARK in value else {k: clear(v) for k, v in value.items()}
    return [clear(item) for item in value] if isinstance(value, list) else value


def all_faults(given: Given) -> list[tuple[str, str]]:
    """Every rule that is broken, and how."""
    stack = Stack.of(given)
    return [(rule.name, fault) for rule in RULES for fault in rule.faults(stack)]


def said(rule: str, given: Given) -> list[str]:
    """What one rule says of a stack."""
    found: list[str] = RULE[rule].faults(Stack.of(given))
    return found


def caught(plant: "Plant", before: Given, changed: Given) -> bool | None:
    """Whether the plant's rule says something new once the defect is in; None where there is no place for it. Changes
    `changed`."""
    if not plant.change(changed):
        return None
    return bool(set(said(plant.rule, changed)) - set(said(plant.rule, before)))
