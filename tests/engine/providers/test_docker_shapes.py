"""What the docker provider sends to the API, and what it stores."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine.providers.docker import DockerProvider, rules
from sandbox.engine.providers.docker.observed import observed
from sandbox.engine.providers.docker.outputs import expected, outputs
from sandbox.engine.providers.docker.service_answer import service_answer
from sandbox.engine.providers.docker.service_fields import SERVICE
from sandbox.engine.providers.docker.service_spec import service_spec
from sandbox.engine.refresh import overlaid
from sandbox.engine.values import UNKNOWN, Properties, diff, plain

GIVEN: dict[str, Any] = {
    "name": "web",
    "labels": [{"label": "tier", "value": "app"}],
    "mode": {"replicated": {"replicas": 2}},
    "endpointSpec": {
        "mode": "dnsrr",
        "ports": [{"targetPort": 80, "publishedPort": 8080, "publishMode": "host"}],
    },
    "updateConfig": {"order": "start-first", "monitor": "90s", "failureAction": "rollback"},
    "convergeConfig": {"timeout": "2m"},
    "taskSpec": {
        "networksAdvanceds": [{"id": "n1", "aliases": ["w"]}],
        "placement": {"prefs": ["node.labels.zone"], "constraints": ["node.role==worker"], "maxReplicas": 2},
        "restartPolicy": {"condition": "any", "delay": "2s"},
        "resources": {
            "limits": {"memoryBytes": 1024, "nanoCpus": 500},
            "reservation": {"memoryBytes": 512, "genericResources": {"discreteResourcesSpecs": ["gpu=2"]}},
        },
        "logDriver": {"name": "json-file", "options": {"max-size": "1m"}},
        "containerSpec": {
            "image": "web:1",
            "commands": ["serve"],
            "args": ["--fast"],
            "env": {"B": "2", "A": "1=1"},
            "user": "1000:1000",
            "groups": ["1001"],
            "readOnly": True,
            "hosts": [{"host": "db", "ip": "10.0.0.9"}],
            "stopGracePeriod": "1m30s",
            "capDrops": ["ALL"],
            "init": True,
            "dnsConfig": {"nameservers": ["127.0.0.11"], "options": ["timeout:1"]},
            "healthcheck": {"tests": ["CMD", "check"], "interval": "500ms"},
            "secrets": [{"secretId": "s1", "secretName": "pw", "fileName": "/run/secrets/pw", "fileUid": "1000"}],
            "configs": [{"configId": "c1", "configName": "conf", "fileName": "/etc/conf", "fileMode": 292}],
            "mounts": [
                {"type": "volume", "source": "data", "target": "/data"},
                {"type": "tmpfs", "target": "/tmp", "tmpfsOptions": {"sizeBytes": 4096, "mode": 1023}},
                {"type": "bind", "source": "/proc", "target": "/host", "readOnly": True},
            ],
        },
    },
}


GLOBAL = {"mode": {"global": True}}


@pytest.fixture(scope="module")
def inputs() -> Properties:
    return DockerProvider({}, print).check("urn", "web", "docker:index/service:Service", {}, GIVEN)


@pytest.fixture(scope="module")
def spec(inputs: Properties) -> dict[str, Any]:
    return service_spec(plain(inputs))


def test_spec(spec: dict[str, Any]) -> None:
    assert spec["Mode"] == {"Replicated": {"Replicas": 2}}
    assert spec["UpdateConfig"]["Monitor"] == 90 * 10**9
    assert spec["UpdateConfig"]["MaxFailureRatio"] == 0.0
    assert spec["EndpointSpec"]["Ports"] == [
        {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "host"}
    ]
    task = spec["TaskTemplate"]
    assert task["Networks"] == [{"Target": "n1", "Aliases": ["w"]}]
    assert task["Placement"]["Preferences"] == [{"Spread": {"SpreadDescriptor": "node.labels.zone"}}]
    assert task["Resources"]["Reservations"]["GenericResources"] == [
        {"DiscreteResourceSpec": {"Kind": "gpu", "Value": 2}}
    ]
    assert task["RestartPolicy"] == {"Condition": "any", "Delay": 2 * 10**9, "MaxAttempts": 0, "Window": 0}
    container = task["ContainerSpec"]
    assert container["Env"] == ["A=1=1", "B=2"]
    assert container["Hosts"] == ["10.0.0.9 db"]
    assert container["StopGracePeriod"] == 90 * 10**9
    assert container["HealthCheck"]["Interval"] == 500 * 10**6
    assert container["Secrets"][0]["File"] == {"Name": "/run/secrets/pw", "UID": "1000", "GID": "0", "Mode": 0o444}
    assert container["Mounts"][1]["TmpfsOptions"] == {"SizeBytes": 4096, "Mode": 1023}


def test_global_mode(spec: dict[str, Any]) -> None:
    given = {key: GIVEN[key] for key in ("name", "taskSpec")}
    inputs = DockerProvider({}, print).check("urn", "web", "docker:index/service:Service", {}, {**given, **GLOBAL})
    assert service_spec(plain(inputs))["Mode"] == {"Global": {}}
    assert "Global" not in spec["Mode"]


def answer(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec as the daemon answers it: under its own name for the health check."""
    task = spec["TaskTemplate"]
    container = dict(task["ContainerSpec"])
    container["Healthcheck"] = container.pop("HealthCheck")
    # The daemon orders mounts and networks as it likes.
    container["Mounts"] = container["Mounts"][::-1]
    return {"Spec": {**spec, "TaskTemplate": {**task, "ContainerSpec": container}}, "Endpoint": {}}


def test_written_blocks_are_stored_as_written(inputs: Properties, spec: dict[str, Any]) -> None:
    stored = outputs(SERVICE, inputs, service_answer(answer(spec)))
    container = stored["taskSpec"]["containerSpec"]
    assert container["mounts"][0] == {
        "type": "volume",
        "source": "data",
        "target": "/data",
        "readOnly": None,
        "bindOptions": None,
        "volumeOptions": None,
        "tmpfsOptions": None,
    }
    assert stored["taskSpec"]["networksAdvanceds"] == [{"id": "n1", "name": "", "aliases": ["w"], "driverOpts": []}]
    assert stored["taskSpec"]["restartPolicy"] == {"condition": "any", "delay": "2s", "maxAttempts": 0, "window": ""}
    assert stored["updateConfig"]["monitor"] == "90s"
    assert stored["mode"] == {"global": False, "replicated": {"replicas": 2}}
    assert container["dir"] == ""
    assert "__defaults" not in str(stored)


def test_an_unchanged_object_shows_no_drift(inputs: Properties, spec: dict[str, Any]) -> None:
    live = observed(SERVICE, inputs, {**service_answer(answer(spec)), "convergeConfig": inputs["convergeConfig"]})
    assert diff(inputs, overlaid(inputs, live)) == {}


def test_drift_is_seen(inputs: Properties, spec: dict[str, Any]) -> None:
    other = answer(spec)
    other["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = "web:9"
    live = observed(SERVICE, inputs, service_answer(other))
    assert live["taskSpec"]["containerSpec"]["image"] == "web:9"


def test_a_preview_knows_what_was_written_and_no_id(inputs: Properties) -> None:
    shown = expected(SERVICE, {key: value for key, value in inputs.items() if key != "labels"})
    assert shown["id"] is UNKNOWN
    assert shown["labels"] is UNKNOWN
    assert shown["taskSpec"]["containerSpec"]["image"] == "web:1"


@pytest.mark.parametrize(
    ("text", "nanoseconds", "canonical"),
    [
        ("0s", 0, "0s"),
        ("500ms", 500 * 10**6, "500ms"),
        ("90s", 90 * 10**9, "1m30s"),
        ("1m", 60 * 10**9, "1m"),
        ("1h0m0s", 3600 * 10**9, "1h"),
        ("1.5s", 1_500_000_000, "1.5s"),
        ("1h2s", 3602 * 10**9, "1h2s"),
        ("250us", 250_000, "250us"),
    ],
)
def test_durations(text: str, nanoseconds: int, canonical: str) -> None:
    assert rules.nanoseconds(text) == nanoseconds
    assert rules.duration_text(nanoseconds) == canonical
    assert rules.nanoseconds(canonical) == nanoseconds
