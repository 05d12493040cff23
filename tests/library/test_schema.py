"""Pulumi's analyzer reads the interface for other languages from the components."""

import json
import tomllib
from typing import Any

import pytest
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.component import ComponentProvider

from composition.kinds import KINDS
from composition.stack import Stack
from ha_platform.plugin import NAME, VERSION, plugins
from tests.stacks.fixtures import REPOSITORY

COMPONENTS = {
    "SharedVolume": {"platform", "size"},
    "Repository": {"platform"},
    "PostgresHA": {"platform"},
    "RedisSentinel": {"platform", "role"},
    "RedisCluster": {"platform", "role"},
    "RabbitMQ": {"platform"},
    "AppTier": {"platform", "image"},
    "LoadBalancer": {"platform", "listen", "routes"},
    "MonitoringStack": {"platform", "alertmanager"},
}
"""What each of them requires."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ComponentProvider(plugins(), NAME, version=VERSION).schema or "")
    return found


def test_the_analyzer_accepts_every_component() -> None:
    found = Analyzer(NAME).analyze(plugins())
    assert set(found["component_definitions"]) == set(COMPONENTS)
    assert not found["dependencies"], "no provider's types are in the interface"


@pytest.mark.parametrize("component", COMPONENTS)
def test_what_is_required_is_so_in_other_languages(component: str, schema: dict[str, Any]) -> None:
    assert set(schema["resources"][f"{NAME}:index:{component}"]["requiredInputs"]) == COMPONENTS[component]


def test_the_types_are_those_that_a_person_writes(schema: dict[str, Any]) -> None:
    database = schema["resources"]["ha-platform:index:PostgresHA"]["inputProperties"]
    assert database["members"]["type"] == "integer"
    assert database["volume"]["type"] == "string", "a size has a unit"
    assert database["synchronous"]["$ref"] == "pulumi.json#/Any", "a word, or the boolean of before"
    assert database["hosts"]["items"]["type"] == "string"
    assert database["failover"]["$ref"] == "#/types/ha-platform:index:FailoverArgs"
    assert schema["types"]["ha-platform:index:FailoverArgs"]["properties"]["loopWait"]["type"] == "string"
    routes = schema["resources"]["ha-platform:index:LoadBalancer"]["inputProperties"]["routes"]
    assert routes["items"]["$ref"] == "#/types/ha-platform:index:RouteArgs"
    assert schema["types"]["ha-platform:index:RouteArgs"]["required"] == ["app"]
    receiver = schema["types"]["ha-platform:index:ReceiverArgs"]
    assert receiver["required"] == ["kind"], "the variants of a union are one type"
    given = schema["resources"]["ha-platform:index:AppTier"]["inputProperties"]["given"]["additionalProperties"]
    assert given["type"] == "string"
    assert "plain" not in given, "its values may be outputs"


def test_every_setting_of_a_component_is_there_and_described(schema: dict[str, Any]) -> None:
    for kind, component in zip(KINDS, COMPONENTS, strict=True):
        model, *_ = _models(Stack.model_fields[kind.key].annotation)
        inputs = schema["resources"][f"{NAME}:index:{component}"]["inputProperties"]
        assert set(map(_camel, model.model_fields)) | {"platform", "given"} == set(inputs)
        assert not [key for key, one in inputs.items() if not one["description"]]


def test_outputs_are_described(schema: dict[str, Any]) -> None:
    for resource in schema["resources"].values():
        assert resource["properties"]
        assert not [key for key, one in resource["properties"].items() if not one["description"]]
    outputs = schema["resources"]["ha-platform:index:PostgresHA"]
    assert {"host", "port", "url", "passwordSecret"} <= set(outputs["required"])


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == (NAME, VERSION)


def _models(annotation: Any) -> list[Any]:
    below = [model for each in getattr(annotation, "__args__", ()) for model in _models(each)]
    return [annotation] if hasattr(annotation, "model_fields") else below


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(other.capitalize() for other in others)
