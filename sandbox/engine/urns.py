"""Uniform resource names: `urn:pulumi:<stack>::<project>::<parent type$type>::<name>`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def qualified_type(urn: str) -> str:
    """The type with those of its parents: `a:b:C$d:e:F`."""
    return urn.split("::", 3)[2]


def name_of(urn: str) -> str:
    """The resource's name."""
    return urn.split("::", 3)[3]


def make_urn(stack: str, project: str, parent: str, type: str, name: str) -> str:
    """The URN of a resource below `parent` (a URN, or "")."""
    above = qualified_type(parent) if parent else STACK_TYPE
    prefix = "" if above == STACK_TYPE else f"{above}$"
    return f"urn:pulumi:{stack}::{project}::{prefix}{type}::{name}"


def split_reference(reference: str) -> tuple[str, str]:
    """URN and id of a provider reference `<urn>::<id>`."""
    urn, _, id = reference.rpartition("::")
    return urn, id


def package_of(type: str) -> str:
    """The package a type belongs to: `docker` for `docker:index/service:Service` and for its provider type."""
    return type.removeprefix(PROVIDER_PREFIX) if is_provider(type) else type.split(":", 1)[0]


def is_provider(type: str) -> bool:
    """Whether `type` is that of a provider resource."""
    return type.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether `urn` names a provider that the engine made, not the program."""
    return is_provider(qualified_type(urn)) and name_of(urn).startswith("default")
