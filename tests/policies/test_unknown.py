"""What a preview does not know yet is no fault, and hides nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy
from views import Stack
from views.plain import UNKNOWN, plain

from tests.policies.judged import RULE, Given, golden
from tests.policies.resources import DEPLOYMENT, SERVICE, deployment, service

CASES = [
    ("prod", "kubernetes:apps/v1:Deployment"),
    ("prod", "kubernetes:networking.k8s.io/v1:NetworkPolicy"),
    ("prod-on-swarm", "docker:index/service:Service"),
]


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """Of everything in a resource, what holds others included."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, within in items:
        yield (key,)
        yield from ((key, *rest) for rest in paths(within))


def unknown_at(value: Any, path: tuple[Any, ...]) -> Any:
    """The same with one part unknown."""
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = UNKNOWN if len(path) == 1 else unknown_at(copied[path[0]], path[1:])
    return copied


@pytest.mark.parametrize(("stack", "kind"), CASES)
def test_it_is_no_fault(stack: str, kind: str) -> None:
    given = [one for one in golden(stack) if one[1] in ("web", "default-deny", "priority-apps")]
    before = everything(given)
    index = next(at for at, one in enumerate(given) if one[:2] == (kind, "web"))
    properties = given[index][2]
    for path in list(paths(properties))[::5]:
        given[index] = (kind, "web", unknown_at(properties, path))
        assert everything(given) <= before, f"{path} is unknown"


def everything(given: Given) -> set[tuple[str, str]]:
    stack = Stack.of(given)
    return {(name, fault) for name, rule in RULE.items() for fault in rule.faults(stack)}


@pytest.mark.parametrize(
    ("kind", "good", "path"),
    [
        (DEPLOYMENT, deployment(ports=[]), ("spec", "template", "spec", "containers", 0, "image")),
        (SERVICE, service(), ("taskSpec", "containerSpec", "image")),
    ],
)
def test_it_hides_nothing_else(kind: str, good: dict[str, Any], path: tuple[Any, ...]) -> None:
    rule = RULE["process-is-not-root"]
    bad = unknown_at(good, path)
    holder = (
        bad["spec"]["template"]["spec"]["containers"][0] if kind == DEPLOYMENT else bad["taskSpec"]["containerSpec"]
    )
    holder |= {"securityContext": {"runAsUser": 0}, "user": "0"}
    assert len(rule.faults(Stack.of([(kind, "web", bad)]))) == 1
    assert RULE["image-is-pinned"].faults(Stack.of([(kind, "web", bad)])) == []


def test_what_it_needs_is_said_and_judged_later() -> None:
    bad = unknown_at(
        deployment(securityContext={"runAsUser": 0}), ("spec", "template", "spec", "containers", 0, "ports")
    )
    assert Stack.of([(DEPLOYMENT, "web", bad)]).unknown == (
        "web",
        "spec",
        "template",
        "spec",
        "containers",
        "0",
        "ports",
    )
    assert everything([(DEPLOYMENT, "web", bad)]) == set()


def test_the_engine_s_mark_is_read_as_unknown() -> None:
    given = unknown_checking_proxy({"a": UNKNOWN_STRING_VALUE, "b": [UNKNOWN_STRING_VALUE, 2.0], "c": {"d": 1.5}})
    assert plain(given) == {"a": UNKNOWN, "b": [UNKNOWN, 2], "c": {"d": 1.5}}
    assert plain(given)["a"] is UNKNOWN
