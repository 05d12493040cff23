"""What resources name, and what is there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import Rule
from views import Resource, Stack, WorkloadView

_SOURCES = (
    ("ConfigMap", "configMap", "name"),
    ("Secret", "secret", "secretName"),
    ("Secret", "secret", "name"),
    ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName"),
)
_OF_VARIABLES = (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef"))
_OF_ALL_VARIABLES = (("ConfigMap", "configMapRef"), ("Secret", "secretRef"))
_OF_THE_CLUSTER = "system-"
"""Priority classes that every cluster has begin so."""
_ON_SWARM = (
    ("config", "configs", "configName", "docker:index/serviceConfig:ServiceConfig"),
    ("secret", "secrets", "secretName", "docker:index/secret:Secret"),
)


def _dangling(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        if workload.platform == "swarm":
            yield from _of_service(stack, workload)
            continue
        for kind, name in dict.fromkeys(_named(workload.pod)):
            within = "" if kind == "PriorityClass" else workload.namespace
            there = [one for one in stack.of_kind(kind) if kind == "PriorityClass" or one.namespace == within]
            if name and not any(_is(one, name) for one in there):
                yield f"{workload.name}: the {kind} {name} is not in the stack."


def _named(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kinds and names of what a pod cannot start without."""
    for volume in pod.get("volumes") or []:
        yield from _of_source(volume)
        for source in (volume.get("projected") or {}).get("sources") or []:
            yield from _of_source(source)
    for container in [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]:
        for variable in container.get("env") or []:
            yield from _of_reference(_OF_VARIABLES, variable.get("valueFrom") or {})
        for all_of in container.get("envFrom") or []:
            yield from _of_reference(_OF_ALL_VARIABLES, all_of)
    for secret in pod.get("imagePullSecrets") or []:
        yield "Secret", _text(secret.get("name"))
    account = _text(pod.get("serviceAccountName"))
    yield "ServiceAccount", "" if account == "default" else account
    priority = _text(pod.get("priorityClassName"))
    yield "PriorityClass", "" if priority.startswith(_OF_THE_CLUSTER) else priority


def _of_source(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, key, name in _SOURCES:
        given = source.get(key) or {}
        if not given.get("optional"):
            yield kind, _text(given.get(name))


def _of_reference(kinds: tuple[tuple[str, str], ...], given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, key in kinds:
        reference = given.get(key) or {}
        if not reference.get("optional"):
            yield kind, _text(reference.get("name"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _of_service(stack: Stack, workload: WorkloadView) -> Iterator[str]:
    container = (workload.properties.get("taskSpec") or {}).get("containerSpec") or {}
    for word, listed, key, kind in _ON_SWARM:
        for one in container.get(listed) or []:
            name = _text(one.get(key))
            if name and not any(_is(there, name) for there in stack.of_type(kind)):
                yield f"{workload.name}: the {word} {name} is not in the stack."


def _is(resource: Resource, name: str) -> bool:
    """An object that has no name of its own gets one that begins with the resource's."""
    if resource.object_name:
        return resource.object_name == name
    return name == resource.name or re.fullmatch(rf"{re.escape(resource.name)}-[0-9a-f]{{7,8}}", name) is not None


RULES = (
    Rule(
        name="references-are-there",
        says="Configurations, secrets, accounts, priority classes and claims that a workload names are in the stack.",
        why="Its containers wait for them and never start; an update stops half way.",
        fix="Add it to the stack, or correct the name.",
        of_stack=_dangling,
    ),
)
