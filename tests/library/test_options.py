"""Options of a component hold for everything in it."""

import base64
import json
import re
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as kubernetes
import pytest

from composition.compose import compose
from composition.read import StackInput, check
from ha_platform import Kubernetes, PostgresHA, RedisSentinel, Swarm
from tests.mock_engine import SECRET_MARK, Recorded, render

SWARM: Any = {"nodes": ["node-a"], "entry": "single-host"}
ONE: Any = {"members": 1}


def built() -> list[Recorded]:
    """What belongs to one database."""
    recorded = render(lambda _: PostgresHA("main", ONE, platform=Swarm("shop", SWARM)))
    return [one for one in recorded if one.parent == "main"]


@pytest.mark.parametrize("on", ["swarm", "kubernetes"])
def test_protect_and_provider_reach_every_object(on: str) -> None:
    def program(_: pulumi.Resource) -> None:
        other: pulumi.ProviderResource = (
            docker.Provider("other") if on == "swarm" else kubernetes.Provider("other", context="other")
        )
        platform = Swarm("shop", SWARM) if on == "swarm" else Kubernetes("shop")
        PostgresHA("main", ONE, pulumi.ResourceOptions(provider=other, protect=True), platform=platform)
        RedisSentinel("jobs", {"role": "cache", "members": 1}, platform=platform)

    recorded = render(program)
    objects = [one for one in recorded if one.type.startswith(("docker:", "kubernetes:"))]
    main = [one for one in objects if one.parent == "main"]
    assert main
    assert {one.provider for one in main} == {"other"}
    assert all(one.protect for one in recorded if one.parent == "main" or one.name == "main")
    jobs = {one.provider for one in objects if one.parent == "jobs"}
    assert jobs == {"shop-docker"} or jobs == {"shop-kubernetes", "shop-kubernetes-claims"}


@pytest.mark.parametrize("on", ["swarm", "kubernetes"])
def test_a_provider_of_the_platform_takes_the_place_of_its_own(on: str) -> None:
    def program(_: pulumi.Resource) -> None:
        if on == "swarm":
            platform: Swarm | Kubernetes = Swarm(
                "shop", SWARM, pulumi.ResourceOptions(provider=docker.Provider("mine"))
            )
        else:
            mine = kubernetes.Provider("mine", context="mine")
            platform = Kubernetes("shop", opts=pulumi.ResourceOptions(provider=mine))
        PostgresHA("main", ONE, platform=platform)

    recorded = render(program)
    assert [one.name for one in recorded if one.type.startswith("pulumi:providers:")] == ["mine"]
    objects = [one for one in recorded if one.type.startswith(("docker:", "kubernetes:"))]
    assert {one.provider for one in objects} == {"mine"}


def test_everything_waits_for_what_the_component_depends_on() -> None:
    def program(_: pulumi.Resource) -> None:
        first = docker.Volume("first")
        platform = Swarm("shop", SWARM)
        PostgresHA("main", ONE, pulumi.ResourceOptions(depends_on=[first]), platform=platform)

    recorded = render(program)
    waiting = [one for one in recorded if one.parent == "main"]
    assert waiting
    assert not [one.name for one in waiting if "first" not in one.depends_on]


def test_a_component_stands_below_its_parent() -> None:
    def program(_: pulumi.Resource) -> None:
        team = pulumi.ComponentResource("team:index:Team", "team")
        PostgresHA("main", ONE, pulumi.ResourceOptions(parent=team), platform=Swarm("shop", SWARM))

    (main,) = [one for one in render(program) if one.name == "main"]
    assert (main.type, main.parent) == ("ha-platform:index:PostgresHA", "team")


def test_pods_of_the_program_s_own_find_their_place() -> None:
    def program(_: pulumi.Resource) -> None:
        shop = Kubernetes("shop")
        metadata = {"namespace": shop.namespace, "labels": shop.app_labels}
        kubernetes.core.v1.Pod("ledger", metadata=metadata)

    recorded = render(program, stack="dev")
    (ledger,) = [one for one in recorded if one.name == "ledger"]
    assert ledger.inputs["metadata"] == {"namespace": "ha-platform-shop-dev", "labels": {"ha-platform/tier": "app"}}
    assert {"shop-namespace", "shop-default-deny"} <= set(ledger.depends_on)


def test_two_platforms_stand_side_by_side() -> None:
    def program(_: pulumi.Resource) -> None:
        for name in ("blue", "green"):
            PostgresHA(f"{name}-db", ONE, platform=Swarm(name, SWARM))

    names = {one.inputs["name"] for one in render(program, stack="dev") if one.type == "docker:index/network:Network"}
    assert {"blue-dev-data", "green-dev-data"} <= names


def _alike(inputs: dict[str, Any]) -> Any:
    """Without what the platform of a program puts before the names of what its components share."""
    if "data" in inputs:  # of a secret
        inputs = inputs | {"data": base64.b64decode(inputs["data"][SECRET_MARK]).decode()}
    text = json.dumps(inputs).replace("shop-network-", "network-").replace("shop-ca", "ca")
    return json.loads(re.sub(r"(main-etcd-chain|main-pg-ca)-[0-9a-f]{7}", r"\1", text))


def test_a_component_is_what_a_stack_file_would_make() -> None:
    """The words are the same: only who stands for them differs."""
    said = {"platform": {"kind": "swarm", **SWARM}, "databases": {"main": ONE}}
    given = StackInput(source="", stack=check(said, source="", secret_names=frozenset()), secrets={})
    composed = render(lambda _: compose(given, stack_name="shop-test"), stack="test")
    wanted = {(one.type, one.name): _alike(one.inputs) for one in composed if one.parent == "main"}
    found = {(one.type, one.name): _alike(one.inputs) for one in built()}
    assert wanted
    assert found == wanted
