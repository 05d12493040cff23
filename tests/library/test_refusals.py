"""A constructor refuses what a stack file would be refused for: all of it, before anything is registered."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from ha_platform import (
    AppTier,
    BrokenStack,
    Kubernetes,
    LoadBalancer,
    MonitoringStack,
    PostgresHA,
    RabbitMQ,
    RedisSentinel,
    Swarm,
)
from tests.mock_engine import SECRET_MARK, render

SWARM: Any = {"nodes": ["node-a", "node-b", "node-c"], "entry": "dns"}
APP: Any = {"image": "registry.example.com/team/web:1.0.0", "port": 8000}
ALERTS: Any = {"alertmanager": {"receivers": [{"kind": "webhook", "url": "http://alerts.example.com/hook"}]}}


def refused(build: Callable[[Swarm], object], swarm: Mapping[str, Any] = SWARM) -> tuple[str, list[str]]:
    """The report, and the names of what was registered beside the platform itself."""
    report = ""

    def program(_: pulumi.Resource) -> None:
        nonlocal report
        shop = Swarm("shop", swarm)  # type: ignore[arg-type]
        with pytest.raises(BrokenStack) as broken:
            build(shop)
        report = str(broken.value)

    recorded = render(program)
    shared = {"shop", "shop-docker", "parent"}
    return report, [one.name for one in recorded if one.name not in shared]


def test_every_fault_of_the_settings_comes_in_one_report() -> None:
    args: Any = {"members": 4, "volume": "10", "failover": {"ttl": "5s"}, "volumes": 1}
    report, registered = refused(lambda shop: PostgresHA("main", args, platform=shop))
    assert report.splitlines() == [
        "PostgresHA main: 4 faults, nothing was changed",
        "  main.failover.ttl: should be greater than or equal to 20s (got '5s').",
        "  main.members: should be 1, 2, 3 or 5 (got 4).",
        "  main.volume: a size is a whole number with a unit: `512Mi`, `2Gi` (got '10').",
        "  main.volumes: is not a known key. Did you mean `volume`?",
    ]
    assert registered == []


def test_what_the_platform_refuses_is_said_before_anything_is_registered() -> None:
    args: Any = {"hosts": ["node-a", "node-x", "node-y"]}
    report, registered = refused(lambda shop: PostgresHA("main", args, platform=shop))
    assert "PostgresHA main: 2 faults, nothing was changed" in report
    assert "main.hosts: is not in `platform.nodes` (node-a, node-b, node-c)" in report
    assert "(got node-x)" in report
    assert "(got node-y)" in report
    assert registered == []


def test_a_refused_component_leaves_no_trace() -> None:
    """Its names, ports and settings are free for the next one."""

    def program(_: pulumi.Resource) -> None:
        shop = Swarm("shop", SWARM)
        AppTier("web", APP, platform=shop)
        entry: Any = {"listen": {"http": 80}, "routes": [{"app": "web"}], "replicas": 5}
        with pytest.raises(BrokenStack):
            LoadBalancer("edge", entry, platform=shop)
        LoadBalancer("edge", entry | {"replicas": 2}, platform=shop)

    services = {one.name for one in render(program) if one.type == "docker:index/service:Service"}
    assert services == {"edge", "web"}


def test_a_component_names_what_was_constructed_before() -> None:
    uses: Any = APP | {"uses": {"main": {"prefix": "DATABASE"}}}
    report, registered = refused(lambda shop: AppTier("web", uses, platform=shop))
    assert "web.uses.main: names no database or cache or cluster or broker or app of this stack (got 'main')" in report
    assert "name that in `dependsOn`" in report
    assert registered == []


def test_secrets_are_given_to_the_component_that_names_them() -> None:
    named: Any = APP | {"secrets": {"key": "openai_api_key"}}
    report, registered = refused(lambda shop: AppTier("web", named, platform=shop))
    assert "web.secrets.key: names a secret that was not given (got 'openai_api_key')" in report
    assert "`given.openai_api_key`" in report
    assert registered == []


def test_a_secret_is_given_once() -> None:
    named: Any = APP | {"secrets": {"key": "openai_api_key"}}

    def program(_: pulumi.Resource) -> None:
        shop = Swarm("shop", SWARM)
        AppTier("web", named | {"given": {"openai_api_key": pulumi.Output.secret("s3cret")}}, platform=shop)
        AppTier("worker", named, platform=shop)

    held = [one for one in render(program) if one.name.endswith("-given-openai-api-key")]
    assert {one.parent for one in held} == {"web", "worker"}
    assert held[0].inputs["data"] == held[1].inputs["data"]
    assert SECRET_MARK in held[0].inputs["data"]


def test_a_store_that_somebody_else_runs_is_no_component() -> None:
    elsewhere: Any = {"external": {"host": "db.example.com", "database": "app", "user": "app", "password": "db"}}
    args = elsewhere | {"given": {"db": "secret"}}
    report, registered = refused(lambda shop: PostgresHA("main", args, platform=shop))
    assert "main.external: is for stack files: it builds nothing" in report
    assert registered == []


def test_a_name_is_taken_once() -> None:
    def twice(shop: Swarm) -> None:
        RedisSentinel("main", {"role": "cache"}, platform=shop)
        PostgresHA("main", platform=shop)

    report, registered = refused(twice)
    assert "PostgresHA main: " in report
    assert "main: another component of this platform has the name" in report
    assert not [name for name in registered if name.startswith("main-pg")]


def test_what_comes_after_its_monitoring_is_refused() -> None:
    def late(shop: Swarm) -> None:
        MonitoringStack("watch", ALERTS, platform=shop)
        PostgresHA("main", platform=shop)

    report, registered = refused(late)
    assert "main: comes after `watch`, which monitors only what was constructed before it" in report
    assert not [name for name in registered if name.startswith("main")]


def test_a_platform_is_judged_as_well() -> None:
    def program(_: pulumi.Resource) -> None:
        args: Any = {"nodes": ["a", "a"], "entry": "magic"}
        with pytest.raises(BrokenStack, match=r"Swarm shop: 2 faults") as broken:
            Swarm("shop", args)
        assert "shop.nodes: each node is named once" in str(broken.value)
        with pytest.raises(BrokenStack, match=r"Shop\.name: with the stack's name, must be lower-case"):
            Swarm("Shop", SWARM)
        with pytest.raises(BrokenStack, match=r"cluster\.kubeconfig: there is no such file"):
            Kubernetes("cluster", {"kubeconfig": "/no/such/file"})

    assert [one.name for one in render(program)] == ["parent"]


def test_a_setting_that_a_given_provider_makes_void_is_refused() -> None:
    def program(_: pulumi.Resource) -> None:
        manager = docker.Provider("manager")
        with pytest.raises(BrokenStack, match=r"shop\.host: has no effect with a provider of your own"):
            Swarm("shop", SWARM | {"host": "ssh://root@node-a"}, pulumi.ResourceOptions(provider=manager))

    assert [one.name for one in render(program)] == ["parent", "manager"]


@pytest.mark.parametrize(
    "build",
    [
        lambda shop: PostgresHA("main", {"rotate": {"passwords": 2}}, platform=shop),
        lambda shop: RedisSentinel("main", {"role": "broker", "rotate": {"passwords": 2}}, platform=shop),
        lambda shop: RabbitMQ("main", {"rotate": {"passwords": 2}}, platform=shop),
    ],
)
def test_a_rotation_that_nobody_could_end_is_refused(build: Callable[[Swarm], object]) -> None:
    report, registered = refused(build)
    assert "main.rotate: is for stack files: it ends when every client has the new password" in report
    assert registered == []
