"""An application that uses another one is told its address, and may connect to it, on both platforms."""

from functools import cache
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render

PLATFORMS: dict[str, dict[str, Any]] = {
    "swarm": {"kind": "swarm", "nodes": ["a", "b"], "entry": "dns"},
    "kubernetes": {"kind": "kubernetes"},
}
HOSTS = {"swarm": "shop-{}", "kubernetes": "{}.ha-platform-shop.svc.cluster.local"}
IMAGE = {"image": "registry.example.com/shop/web:1", "replicas": 1}
APPS = {
    "web": {**IMAGE, "port": 8000, "uses": {"api": "API", "grpc": {"env": {"PEER": "{host}:{rpc_v1_port}"}}}},
    "api": {**IMAGE, "port": 9000, "uses": {"web": {"env": {"HOOK": "{url}/hook"}}, "api": "SELF"}},
    "grpc": {**IMAGE, "ports": {"rpc-v1": 50051}, "probes": {"command": ["check"]}},
    "alone": {**IMAGE, "port": 7000},
}


@cache
def shop(kind: str) -> tuple[Recorded, ...]:
    stack = check({"platform": PLATFORMS[kind], "apps": APPS}, source="shop", secret_names=frozenset())
    given = StackInput(source="shop", stack=stack, secrets={})
    return tuple(render(lambda _: compose(given, stack_name="shop"), stack="shop"))


def workload(kind: str, app: str) -> Recorded:
    types = {"swarm": "docker:index/service:Service", "kubernetes": "kubernetes:apps/v1:Deployment"}
    return next(one for one in shop(kind) if one.type == types[kind] and one.name == app)


def variables(kind: str, app: str) -> dict[str, str]:
    inputs = workload(kind, app).inputs
    if kind == "swarm":
        return dict(inputs["taskSpec"]["containerSpec"]["env"])
    (container,) = inputs["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one["value"] for one in container["env"]}


@pytest.mark.parametrize("kind", PLATFORMS)
def test_an_address_arrives_by_its_facts(kind: str) -> None:
    web, api, grpc = (HOSTS[kind].format(name) for name in ("web", "api", "grpc"))
    assert (
        variables(kind, "web").items()
        >= {
            "API_HOST": api,
            "API_PORT": "9000",
            "API_URL": f"http://{api}:9000",
            "PEER": f"{grpc}:50051",
        }.items()
    )
    assert variables(kind, "api").items() >= {"HOOK": f"http://{web}:8000/hook", "SELF_HOST": api}.items()


@pytest.mark.parametrize("kind", PLATFORMS)
def test_applications_that_use_each_other_do_not_wait_for_each_other(kind: str) -> None:
    apps = {one.name for one in shop(kind) if one.name.partition("-")[0] in APPS} | set(APPS)
    for app in ("web", "api"):
        others = {name for name in apps if not name.startswith(app)}
        assert not others & set(workload(kind, app).depends_on)


def test_a_swarm_has_them_on_one_network() -> None:
    networks = [
        {one["id"] for one in workload("swarm", app).inputs["taskSpec"]["networksAdvanceds"]} for app in ("web", "api")
    ]
    assert networks[0] & networks[1], "the one of the applications' tier"


def test_policies_of_kubernetes_open_the_port_to_applications_and_nothing_else_to_them() -> None:
    (policy,) = (one for one in shop("kubernetes") if one.type.endswith(":NetworkPolicy") and one.name == "api")
    tiers = [
        expression["values"]
        for rule in policy.inputs["spec"]["ingress"]
        if [port["port"] for port in rule["ports"]] == [9000]
        for source in rule["from"]
        for expression in source["podSelector"]["matchExpressions"]
    ]
    assert tiers, "a rule of the port"
    assert all("app" in one and "data" not in one for one in tiers)
    (policy,) = (one for one in shop("kubernetes") if one.type.endswith(":NetworkPolicy") and one.name == "web")
    egress = [
        expression["values"]
        for rule in policy.inputs["spec"]["egress"]
        for target in rule.get("to", ())
        for expression in target.get("podSelector", {}).get("matchExpressions", ())
    ]
    assert any("app" in one for one in egress)
