"""What changes of a docker resource, and which changes replace it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.values import UNKNOWN, Properties, format_path

SERVICE = "docker:index/service:Service"
CONFIG = "docker:index/serviceConfig:ServiceConfig"
NETWORK = "docker:index/network:Network"

DIGEST = f"@sha256:{'a' * 64}"

provider = DockerProvider({}, print)

GIVEN: dict[str, Any] = {
    "name": "web",
    "labels": [{"label": "a", "value": "1"}],
    "mode": {"replicated": {"replicas": 2}},
    "updateConfig": {"maxFailureRatio": "0"},
    "endpointSpec": {"mode": "dnsrr"},
    "taskSpec": {
        "networksAdvanceds": [{"id": "n1", "aliases": ["x", "y"]}, {"id": "n2"}],
        "placement": {"constraints": ["node.role==manager", "node.hostname==h1"]},
        "containerSpec": {
            "image": "web:1",
            "env": {"A": "1"},
            "sysctl": {"net.core.somaxconn": "1024"},
            "hosts": [{"host": "h", "ip": "10.0.0.9"}],
            "labels": [{"label": "c", "value": "1"}],
            "mounts": [
                {"type": "tmpfs", "target": "/tmp"},
                {"type": "volume", "source": "data", "target": "/data"},
            ],
            "healthcheck": {"tests": ["CMD", "true"]},
            "stopGracePeriod": "10s",
        },
    },
}


def changed(edit: Callable[[Any], object]) -> tuple[dict[str, bool], bool]:
    """Which paths an edit of GIVEN changes and whether each replaces; and whether a replace deletes first."""
    new = deepcopy(GIVEN)
    edit(new)
    old_inputs = provider.check("urn", "web", SERVICE, {}, deepcopy(GIVEN))
    new_inputs = provider.check("urn", "web", SERVICE, old_inputs, new)
    found = provider.diff(SERVICE, old_inputs, {}, new_inputs)
    return {format_path(path): change.replace for path, change in found.changes.items()}, found.delete_before_replace


def container(given: Any) -> Any:
    return given["taskSpec"]["containerSpec"]


CASES: list[tuple[str, Callable[[Any], object], dict[str, bool]]] = [
    ("nothing", lambda s: s, {}),
    (
        "image",
        lambda s: container(s).update(image="web:2"),
        {"taskSpec.containerSpec.image": False},
    ),
    ("the digest of the same image is found, not chosen", lambda s: container(s).update(image=f"web:1{DIGEST}"), {}),
    (
        "another image with a digest",
        lambda s: container(s).update(image=f"web:10{DIGEST}"),
        {"taskSpec.containerSpec.image": False},
    ),
    (
        "replicas",
        lambda s: s.update(mode={"replicated": {"replicas": 3}}),
        {"mode.replicated.replicas": False},
    ),
    (
        "environment",
        lambda s: container(s).update(env={"A": "1", "B": "2"}),
        {"taskSpec.containerSpec.env.B": False},
    ),
    (
        "a sysctl replaces",
        lambda s: container(s).update(sysctl={"net.core.somaxconn": "2048"}),
        {'taskSpec.containerSpec.sysctl["net.core.somaxconn"]': True},
    ),
    (
        "another network replaces",
        lambda s: s["taskSpec"].update(networksAdvanceds=[{"id": "n1", "aliases": ["x", "y"]}]),
        {"taskSpec.networksAdvanceds": True},
    ),
    (
        "another alias replaces",
        lambda s: s["taskSpec"]["networksAdvanceds"][0].update(aliases=["x", "z"]),
        {"taskSpec.networksAdvanceds[0].aliases[1]": True},
    ),
    (
        "a host entry replaces",
        lambda s: container(s).update(hosts=[]),
        {"taskSpec.containerSpec.hosts": True},
    ),
    (
        "a container label replaces",
        lambda s: container(s)["labels"][0].update(value="2"),
        {"taskSpec.containerSpec.labels[0].value": True},
    ),
    (
        "a service label does not",
        lambda s: s["labels"][0].update(value="2"),
        {"labels[0].value": False},
    ),
    ("a name replaces", lambda s: s.update(name="other"), {"name": True}),
    (
        "the order of constraints, networks and mounts means nothing",
        lambda s: (
            s["taskSpec"]["networksAdvanceds"].reverse(),
            s["taskSpec"]["placement"]["constraints"].reverse(),
            container(s)["mounts"].reverse(),
        ),
        {},
    ),
    ("a ratio in other words", lambda s: s.update(updateConfig={"maxFailureRatio": "0.0"}), {}),
    ("what the API chooses is left alone", lambda s: container(s).pop("stopGracePeriod"), {}),
    (
        "an unknown value is a change",
        lambda s: container(s).update(image=UNKNOWN),
        {"taskSpec.containerSpec.image": False},
    ),
]


@pytest.mark.parametrize(("edit", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_service(edit: Callable[[Any], object], expected: dict[str, bool]) -> None:
    assert changed(edit)[0] == expected


def test_an_explicit_name_that_stays_is_freed_before_it_is_used_again() -> None:
    assert changed(lambda s: container(s).update(sysctl={}))[1] is True
    assert changed(lambda s: s.update(name="other"))[1] is False


@pytest.mark.parametrize(
    ("type", "old", "new"),
    [
        (CONFIG, {"data": "eA=="}, {"data": "eQ=="}),
        ("docker:index/secret:Secret", {"data": "eA=="}, {"data": "eQ=="}),
        (NETWORK, {"name": "n", "driver": "overlay"}, {"name": "n", "driver": "overlay", "attachable": True}),
        ("docker:index/volume:Volume", {"name": "v"}, {"name": "v", "labels": [{"label": "a", "value": "1"}]}),
    ],
)
def test_every_change_of_another_type_replaces(type: str, old: Properties, new: Properties) -> None:
    before = provider.check("urn", "x", type, {}, old)
    after = provider.check("urn", "x", type, before, new)
    found = provider.diff(type, before, {}, after)
    assert found.changes
    assert all(change.replace for change in found.changes.values())
    assert found.delete_before_replace is ("name" in old)
