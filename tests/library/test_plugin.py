"""The plugin as an engine uses it: a process that answers over its protocol and registers with a monitor."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.values import Secret
from tests.library.plugin import Plugin, Refused, plugin, secret_output
from tests.library.programs import snippet
from tests.library.yaml_program import run

SERVICE = "docker:index/service:Service"
PLATFORM: dict[str, Any] = {"swarm": {"nodes": ["node-a", "node-b", "node-c"], "entry": "dns"}}
APP: dict[str, Any] = {"platform": PLATFORM, "image": "registry.example.com/team/web:1.0.0", "port": 8000}


KEY: dict[str, Any] = {"given": {"api_key": secret_output("s3cret-value")}, "secrets": {"api_key": "api_key"}}
ALERTS = {"receivers": [{"kind": "webhook", "url": "http://alerts.example.com/hook"}]}


@dataclass(frozen=True)
class Built:
    """A database, an application and a balancer that a program asked the plugin for: URN and outputs."""

    plugin: Plugin
    main: tuple[str, dict[str, Any]]
    web: tuple[str, dict[str, Any]]
    edge: tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with plugin(tmp_path_factory.mktemp("plugin")) as process:
        database = {"platform": PLATFORM, "members": 3, "failover": {"loopWait": "5s"}}
        main = process.construct("PostgresHA", "main", database, protect=True)
        web = process.construct("AppTier", "web", {**APP, **KEY, "uses": {"main": "DATABASE"}}, depends_on=main[:1])
        entry = {"platform": PLATFORM, "listen": {"http": 80}, "routes": [{"app": "web", "maxBody": "1Mi"}]}
        edge = process.construct("LoadBalancer", "edge", entry, depends_on=web[:1])
        yield Built(process, main, web, edge)


def test_the_schema_is_served(built: Built) -> None:
    names = ("Repository", "PostgresHA", "RedisSentinel", "RedisCluster", "RabbitMQ", "SharedVolume", "AppTier",
             "LoadBalancer", "MonitoringStack")  # fmt: skip
    assert set(built.plugin.schema()["resources"]) == {f"ha-platform:index:{name}" for name in names}


def test_components_answer_with_their_outputs(built: Built) -> None:
    urn, outputs = built.main
    assert urn.endswith("ha-platform:index:PostgresHA::main")
    assert (outputs["host"], outputs["port"], outputs["user"]) == ("shop-dev-main-rw", 5432, "app")
    assert isinstance(outputs["password"], Secret)
    assert isinstance(outputs["url"], Secret)
    assert (built.edge[1]["http"], built.edge[1]["status"]) == (80, 8404)
    assert "https" not in built.edge[1]


def test_what_belongs_to_components_is_registered(built: Built) -> None:
    registered = built.plugin.registered
    services = {urn.rpartition("::")[2]: one for urn, one in registered.items() if one.type == SERVICE}
    assert {"main-etcd-0", "main-pg-0", "main-pg-1", "main-pg-2", "main-rw", "web", "edge"} <= set(services)
    assert services["main-pg-0"].parent == built.main[0]
    assert services["edge"].parent == built.edge[0]
    assert services["main-pg-0"].protect
    assert not services["web"].protect
    assert built.main[0] in services["web"].dependencies
    assert len(built.plugin.names("pulumi:providers:docker")) == 1, "the platform is made once"
    assert built.plugin.names("ha-platform:index:Swarm") == {"shop"}


def test_a_given_secret_stays_one(built: Built) -> None:
    registered = built.plugin.registered
    given = next(one for urn, one in registered.items() if urn.endswith("::web-given-api-key"))
    assert isinstance(given.inputs["data"], Secret)
    assert not [urn for urn, one in registered.items() if "s3cret-value" in str(one.inputs)]


def refused(built: Built, kind: str, name: str, inputs: dict[str, Any]) -> str:
    before = set(built.plugin.registered)
    with pytest.raises(Refused) as found:
        built.plugin.construct(kind, name, inputs)
    assert set(built.plugin.registered) == before
    return str(found.value)


def test_bad_arguments_are_refused_with_path_and_fix(built: Built) -> None:
    said = refused(built, "PostgresHA", "other", {"platform": PLATFORM, "members": 4, "maxConnections": 10})
    assert "PostgresHA other: 2 faults, nothing was changed" in said
    assert "other.members: should be 1, 2, 3 or 5 (got 4)." in said
    assert "other.max_connections: " in said


def test_the_platform_is_required_and_the_same_for_all(built: Built) -> None:
    assert "Missing required input 'platform'" in refused(built, "PostgresHA", "other", {"members": 1})
    another = {"swarm": {"nodes": ["node-x"], "entry": "single-host"}}
    said = refused(built, "PostgresHA", "other", {"platform": another, "members": 1})
    assert "other.platform: is not the platform of the program's other components" in said


def test_what_is_used_is_constructed_first(built: Built) -> None:
    said = refused(built, "AppTier", "api", APP | {"uses": {"later": "DATABASE"}})
    assert "api.uses.later: names no " in said
    assert "name that in `dependsOn`" in said


def test_the_readme_shows_a_yaml_program_that_runs(tmp_path: Path) -> None:
    text = snippet("yaml")
    assert len(text.strip().splitlines()) <= 11
    with plugin(tmp_path) as process:
        with pytest.raises(Refused, match=r"main\.platform: needs one of `swarm` and `kubernetes`"):
            process.construct("PostgresHA", "main", {"platform": {"data": "keep"}})
        outputs = run(text, process)
        assert outputs["main"]["host"] == "shop-dev-main-rw"
        assert {"main-pg-0", "main-pg-1", "main-pg-2", "web"} <= process.names(SERVICE)

        _, watch = process.construct("MonitoringStack", "watch", {"platform": PLATFORM, "alertmanager": ALERTS})
        assert (watch["prometheus"], watch["alertmanager"]) == (9090, 9093)
        with pytest.raises(Refused, match="comes after `watch`"):
            process.construct("RedisSentinel", "late", {"platform": PLATFORM, "role": "cache"})


def test_a_yaml_program_is_compared_with_the_schema(built: Built) -> None:
    """What Pulumi's YAML would refuse ends the program here too: the README's cannot lean on a lenient test."""
    for wrong in ("{platform: {}, volumes: 50Gi}", "{volume: 50Gi}", "{platform: {}, members: three}"):
        program = f"resources: {{other: {{type: 'ha-platform:PostgresHA', properties: {wrong}}}}}"
        with pytest.raises(AssertionError, match=r"is not a property|is required|is no integer"):
            run(program, built.plugin)
