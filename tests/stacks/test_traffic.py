"""Ports by name and TCP routes of one stack, as both platforms render them."""

import copy
import re
from functools import cache
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import DIRECTORY, settings_of

PLATFORMS: dict[str, dict[str, Any]] = {
    "swarm": {"kind": "swarm", "nodes": ["host1", "host2", "host3"], "entry": "dns"},
    "kubernetes": {"kind": "kubernetes"},
}
REPLICAS = {"swarm": "test-web", "kubernetes": "web-replicas.ha-platform-test.svc.cluster.local"}


@cache
def registered(platform: str) -> tuple[Recorded, ...]:
    settings = copy.deepcopy(settings_of(DIRECTORY / "ok" / "prod-on-swarm.yaml")[0])
    settings["platform"] = PLATFORMS[platform]
    for part in (*settings["databases"].values(), *settings["caches"].values(), settings["monitoring"]["prometheus"]):
        part.pop("hosts", None)
        part.pop("host", None)
    for own in settings["apps"]["web"]["schedules"].values():
        own.pop("host", None)
    settings["apps"]["web"] |= {"ports": {"admin": 9000, "grpc": 50051}, "probes": {"port": "admin"}}
    settings["balancers"]["edge"]["routes"].append({"app": "web", "path": "/admin", "port": "admin", "rewrite": "/"})
    settings["balancers"]["edge"]["tcp"] = {
        "grpc": {"listen": 50051, "app": "web", "port": "grpc", "sources": ["203.0.113.0/24"]},
        "raw": {"listen": 4000, "app": "web"},
    }
    stack = check(settings, source="test", secret_names=frozenset())
    given = StackInput(source="test", stack=stack, secrets={})
    return tuple(render(lambda _: compose(given, stack_name="test"), stack="test"))


def one(platform: str, name: str, kind: str) -> dict[str, Any]:
    (found,) = (each.inputs for each in registered(platform) if each.name == name and each.type.endswith(f":{kind}"))
    return found


def configuration(platform: str) -> str:
    inputs = one(platform, "edge-config", {"swarm": "ServiceConfig", "kubernetes": "ConfigMap"}[platform])
    return str(inputs["dataRaw"] if platform == "swarm" else inputs["data"]["edge-config"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_route_leads_to_its_port(platform: str) -> None:
    servers = re.findall(rf"server-template replica \d+ {REPLICAS[platform]}:(\d+)", configuration(platform))
    assert servers == ["9000", "8000", "50051", "8000"]


def test_both_platforms_have_the_same_proxy() -> None:
    texts = [configuration(platform).replace(REPLICAS[platform], "web") for platform in PLATFORMS]
    assert texts[0] == texts[1]


def test_swarm_publishes_them_on_the_hosts() -> None:
    edge = one("swarm", "edge", "Service")["endpointSpec"]["ports"]
    assert {(port["publishedPort"], port["targetPort"], port["publishMode"]) for port in edge} == {
        (80, 8080, "host"), (8404, 8404, "host"), (50051, 10_000, "host"), (4000, 10_001, "host"),
    }  # fmt: skip


def test_kubernetes_offers_them_to_whom_they_are_for() -> None:
    public = one("kubernetes", "edge-public", "Service")["spec"]
    assert {(port["port"], port["targetPort"]) for port in public["ports"]} == {
        (80, "http"), (50051, "grpc"), (4000, "raw"),
    }  # fmt: skip
    rules = one("kubernetes", "edge", "NetworkPolicy")["spec"]["ingress"][1:]
    assert [(rule.get("from"), [port["port"] for port in rule["ports"]]) for rule in rules] == [
        (None, [8080, 10_001]),
        ([{"ipBlock": {"cidr": "203.0.113.0/24"}}], [10_000]),
    ]


def test_an_application_has_all_its_ports_on_kubernetes() -> None:
    numbers = [8000, 9000, 50051]
    assert [port["port"] for port in one("kubernetes", "web", "Service")["spec"]["ports"]] == numbers
    (rule,) = one("kubernetes", "web", "NetworkPolicy")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == numbers
    (container,) = one("kubernetes", "web", "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["port"] == 9000
