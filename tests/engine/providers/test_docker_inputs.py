"""Inputs of docker resources: defaults, names and refusals as pulumi-docker 5.2 has them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.values import UNKNOWN, Properties, Secret

NETWORK = "docker:index/network:Network"
SECRET = "docker:index/secret:Secret"
CONFIG = "docker:index/serviceConfig:ServiceConfig"
SERVICE = "docker:index/service:Service"


@pytest.fixture
def provider() -> DockerProvider:
    return DockerProvider({"host": "unix:///nowhere/docker.sock"}, print)


def service(container: dict[str, Any] | None = None, **others: Any) -> Properties:
    task = {"containerSpec": {"image": "registry.example/web:1", **(container or {})}, **others.pop("task", {})}
    return {"name": "web", "taskSpec": task, **others}


def check(provider: DockerProvider, type: str, new: Properties, old: Properties | None = None) -> Properties:
    return provider.check("urn", "web", type, old or {}, new)


def test_a_service_gets_the_real_providers_defaults(provider: DockerProvider) -> None:
    given = service(
        {
            "healthcheck": {"tests": ["CMD", "true"], "interval": "5s"},
            "secrets": [{"secretId": "s1", "fileName": "/run/secrets/a"}],
        },
        mode={"replicated": {}},
        updateConfig={"order": "start-first"},
        convergeConfig={},
        endpointSpec={"ports": [{"targetPort": 80}]},
    )
    inputs = check(provider, SERVICE, given)
    container = inputs["taskSpec"]["containerSpec"]
    assert container["isolation"] == "default"
    assert container["__defaults"] == ["isolation"]
    assert container["healthcheck"] == {
        "tests": ["CMD", "true"],
        "interval": "5s",
        "timeout": "0s",
        "startPeriod": "0s",
        "retries": 0,
        "__defaults": ["retries", "startPeriod", "timeout"],
    }
    assert container["secrets"][0] == {
        "secretId": "s1",
        "fileName": "/run/secrets/a",
        "fileUid": "0",
        "fileGid": "0",
        "fileMode": 0o444,
        "__defaults": ["fileGid", "fileMode", "fileUid"],
    }
    assert inputs["mode"]["replicated"]["replicas"] == 1
    assert inputs["convergeConfig"] == {"delay": "7s", "timeout": "3m", "__defaults": ["delay", "timeout"]}
    assert inputs["updateConfig"]["failureAction"] == "pause"
    assert inputs["updateConfig"]["__defaults"] == [
        "delay",
        "failureAction",
        "maxFailureRatio",
        "monitor",
        "parallelism",
    ]
    assert inputs["endpointSpec"]["ports"][0]["publishMode"] == "ingress"
    assert inputs["__defaults"] == []


def test_a_network_gets_the_default_ipam_driver(provider: DockerProvider) -> None:
    inputs = check(provider, NETWORK, {"name": "n", "driver": "overlay"})
    assert inputs == {"name": "n", "driver": "overlay", "ipamDriver": "default", "__defaults": ["ipamDriver"]}


def test_an_automatic_name_is_kept_and_an_explicit_one_replaces_it(provider: DockerProvider) -> None:
    first = check(provider, CONFIG, {"data": "eA=="})
    assert first["name"].startswith("web-")
    assert len(first["name"]) == len("web-") + 7
    assert first["__defaults"] == ["name"]
    assert check(provider, CONFIG, {"data": "eQ=="}, first)["name"] == first["name"]
    assert check(provider, CONFIG, {"data": "eQ==", "name": "mine"}, first)["name"] == "mine"


def test_what_a_preview_does_not_know_passes_through(provider: DockerProvider) -> None:
    given = service(task={"networksAdvanceds": [{"id": UNKNOWN}]}, labels=UNKNOWN)
    inputs = check(provider, SERVICE, given)
    assert inputs["taskSpec"]["networksAdvanceds"][0]["id"] is UNKNOWN
    assert inputs["labels"] is UNKNOWN


def test_a_secret_stays_one(provider: DockerProvider) -> None:
    assert check(provider, SECRET, {"data": Secret("aHVzaA==")})["data"] == Secret("aHVzaA==")


REFUSED = [
    (SERVICE, service({"comands": ["sh"]}), "taskSpec.containerSpec.comands; did you mean 'commands'"),
    (SERVICE, service({"privileges": {}}), "taskSpec.containerSpec.privileges"),
    (SERVICE, service(auth={"serverAddress": "x"}), "does not know the input auth"),
    (SERVICE, {"name": "web", "taskSpec": {}}, "taskSpec.containerSpec is required"),
    (SERVICE, service(mode={"replicated": {"replicas": -1}}), "mode.replicated.replicas must be a whole number"),
    (SERVICE, service(mode={"global": True}, convergeConfig={}), "mode.global conflicts with convergeConfig"),
    (SERVICE, service(mode={"global": True, "replicated": {}}), "mode.global conflicts with mode.replicated"),
    (SERVICE, service({"stopGracePeriod": "ten"}), "taskSpec.containerSpec.stopGracePeriod must be a duration"),
    (SERVICE, service({"commands": "sh"}), "taskSpec.containerSpec.commands must be a list of texts"),
    (SERVICE, service({"mounts": [{"type": "nfs", "target": "/x"}]}), "must be one of bind, volume, tmpfs, got 'nfs'"),
    (SERVICE, service(task={"networksAdvanceds": [{"aliases": ["a"]}]}), "networksAdvanceds[0] needs an id"),
    (SERVICE, service(updateConfig={"maxFailureRatio": "2"}), "updateConfig.maxFailureRatio must be a number"),
    (CONFIG, {}, "exactly one of data and dataRaw"),
    (CONFIG, {"data": "eA==", "dataRaw": "x"}, "exactly one of data and dataRaw"),
    (SECRET, {"data": "no base64!"}, "data must be base64"),
    (NETWORK, {"name": "n", "checkDuplicate": True}, "checkDuplicate"),
]


@pytest.mark.parametrize(("type", "given", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_refused(provider: DockerProvider, type: str, given: Properties, said: str) -> None:
    with pytest.raises(ProviderError) as refusal:
        check(provider, type, given)
    assert said in str(refusal.value)
    assert "web" in str(refusal.value)


def test_a_refusal_never_shows_a_secrets_data(provider: DockerProvider) -> None:
    with pytest.raises(ProviderError) as refusal:
        check(provider, SECRET, {"data": Secret("pass word!")})
    assert "pass word" not in str(refusal.value)


def test_the_provider_takes_no_arguments_that_it_would_drop() -> None:
    provider = DockerProvider({"host": "unix:///nowhere/docker.sock", "certPath": "x"}, print)
    with pytest.raises(ProviderError, match="certPath"):
        provider.reachable()


def test_an_unreachable_host_is_named(provider: DockerProvider) -> None:
    with pytest.raises(ProviderError, match=r"unix:///nowhere/docker.sock does not answer \(no such socket\)"):
        provider.reachable()
