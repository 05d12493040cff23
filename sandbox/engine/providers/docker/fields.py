"""How one field of a docker resource is described: its kind, its default and what a change of it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.engine.providers.docker import rules

Kind = Literal["text", "number", "flag", "texts", "map", "block", "blocks"]
Rule = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field under its Pulumi name.

    `default` is filled in by check and named in `__defaults`. `computed`: without a value the API chooses one, and
    taking the value away changes nothing. `replace`: only a new object can have another value. `unordered`: the order
    of the items means nothing. `rule` answers what is wrong with a value, or None.
    """

    kind: Kind
    required: bool = False
    replace: bool = False
    computed: bool = False
    unordered: bool = False
    default: str | int | bool | None = None
    rule: Rule | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)


Fields = Mapping[str, Field]


def text(rule: Rule | None = None, **options: Any) -> Field:
    return Field(kind="text", rule=rule, **options)


def duration(**options: Any) -> Field:
    """A Go duration that is not negative, such as `1m30s`."""
    return Field(kind="text", rule=rules.duration, **options)


def number(**options: Any) -> Field:
    """A whole number that is not negative."""
    return Field(kind="number", rule=rules.not_negative, **options)


def flag(**options: Any) -> Field:
    return Field(kind="flag", **options)


def texts(**options: Any) -> Field:
    return Field(kind="texts", **options)


def mapping(**options: Any) -> Field:
    return Field(kind="map", **options)


def block(fields: Fields, **options: Any) -> Field:
    return Field(kind="block", fields=fields, **options)


def blocks(fields: Fields, **options: Any) -> Field:
    return Field(kind="blocks", fields=fields, **options)


def labels(**options: Any) -> Field:
    """A set of label and value."""
    replace = options.get("replace", False)
    item = {"label": text(required=True, replace=replace), "value": text(required=True, replace=replace)}
    return Field(kind="blocks", unordered=True, fields=item, **options)
