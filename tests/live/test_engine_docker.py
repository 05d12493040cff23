"""The docker provider against a real Swarm: objects are made, changed, rolled back, found drifted and removed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker
import pytest

from model import Container, ExecCheck, Origin, Probe, Probes, Scratch, Tier, Workload
from model.units import MIB
from sandbox.engine.providers.base import PartialFailure, ProviderError
from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.refresh import overlaid
from sandbox.engine.values import Properties, Secret, diff
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference
from tests.platforms.swarm.rendering import services

pytestmark = [pytest.mark.live, pytest.mark.swarm]

NETWORK = "docker:index/network:Network"
SECRET = "docker:index/secret:Secret"
CONFIG = "docker:index/serviceConfig:ServiceConfig"
SERVICE = "docker:index/service:Service"
VOLUME = "docker:index/volume:Volume"


class Trial:
    """Objects made through the provider under names of their own; what is left at the end is removed."""

    def __init__(self, docker_host: str) -> None:
        self.client = docker.APIClient(base_url=docker_host)
        self.provider = DockerProvider({"host": docker_host}, lambda severity, text: None)  # noqa: ARG005
        self.prefix = f"engine-trial-{secrets.token_hex(3)}"
        self.image = reference("base")
        self.made: list[tuple[str, str, Properties]] = []

    def create(self, type: str, given: Properties) -> tuple[str, Properties, Properties]:
        inputs = self.provider.check("urn", self.prefix, type, {}, given)
        id, outputs = self.provider.create("urn", type, inputs, False)
        self.made.append((type, str(id), inputs))
        return str(id), inputs, outputs

    def changes(self, type: str, old: Properties, new: Properties) -> tuple[Properties, bool, bool]:
        """The new inputs, whether anything changes, and whether that replaces."""
        inputs = self.provider.check("urn", self.prefix, type, old, new)
        found = self.provider.diff(type, old, {}, inputs).changes
        return inputs, bool(found), any(change.replace for change in found.values())

    def drift(self, type: str, id: str, inputs: Properties) -> dict[Any, Any]:
        live = self.provider.live(type, id, inputs)
        assert live is not None
        return diff(inputs, overlaid(inputs, live))

    def service(self, name: str, command: list[str], **container: Any) -> Properties:
        return {
            "name": f"{self.prefix}-{name}",
            "mode": {"replicated": {"replicas": 2}},
            "endpointSpec": {"mode": "dnsrr"},
            # Longer than a busy machine takes to report that a container without a health check ended.
            "updateConfig": {"failureAction": "rollback", "monitor": "10s", "order": "start-first"},
            "convergeConfig": {"timeout": "3m"},
            "taskSpec": {
                "restartPolicy": {"condition": "any", "delay": "1s", "window": "0s"},
                "containerSpec": {
                    "image": self.image,
                    "user": "0:0",
                    "commands": command,
                    "stopGracePeriod": "1s",
                    **container,
                },
            },
        }

    def remove(self) -> None:
        for type, id, inputs in reversed(self.made):
            self.provider.delete(type, id, inputs, {})


@pytest.fixture
def trial(swarm_dev: SwarmCluster) -> Iterator[Trial]:
    trial = Trial(swarm_dev.docker_host)
    yield trial
    trial.remove()


def test_a_service_with_all_it_uses(trial: Trial) -> None:
    net, net_inputs, _ = trial.create(NETWORK, {"name": f"{trial.prefix}-net", "driver": "overlay"})
    secret, secret_inputs, stored = trial.create(SECRET, {"data": Secret(base64.b64encode(b"hush").decode())})
    assert isinstance(stored["data"], Secret)
    config, config_inputs, _ = trial.create(CONFIG, {"dataRaw": "level = debug"})
    given = trial.service(
        "web",
        ["sh", "-c", "grep -q hush /run/secrets/pw && grep -q debug /etc/conf && echo kept > /data/x && sleep 1000"],
        healthcheck={"tests": ["CMD", "test", "-s", "/data/x"], "interval": "1s", "retries": 3, "startPeriod": "5s"},
        secrets=[{"secretId": secret, "secretName": secret_inputs["name"], "fileName": "/run/secrets/pw"}],
        configs=[{"configId": config, "configName": config_inputs["name"], "fileName": "/etc/conf"}],
        mounts=[{"type": "volume", "source": f"{trial.prefix}-data", "target": "/data"}],
        readOnly=True,
    )
    given["taskSpec"]["networksAdvanceds"] = [{"id": net, "aliases": ["w"]}]
    id, inputs, _ = trial.create(SERVICE, given)

    assert trial.provider.find(SERVICE, inputs) == id
    assert trial.changes(SERVICE, inputs, given)[1:] == (False, False)
    for made_type, made_id, made_inputs in ((NETWORK, net, net_inputs), (SERVICE, id, inputs)):
        assert trial.drift(made_type, made_id, made_inputs) == {}

    trial.client.update_service(id, trial.client.inspect_service(id)["Version"]["Index"], **_scaled(trial, id, 1))
    assert set(trial.drift(SERVICE, id, inputs)) == {("mode", "replicated", "replicas")}

    trial.remove()
    assert trial.provider.read(SERVICE, id, inputs, {}) is None
    # Its containers are gone, or the volume could not be removed at once.
    trial.client.remove_volume(f"{trial.prefix}-data")
    assert trial.provider.find(NETWORK, net_inputs) is None
    trial.made.clear()


TEXTS = {
    "PROMPT": "Hello {{ name }}, {{{{",
    "HINT": "{{.Node.Hostname}}",
    "SUFFIX": "\n\n###\n\n",
    "MONEY": '$(HOME) $$ \\ "é"',
}


def test_what_the_platform_renders_is_what_a_process_finds(trial: Trial) -> None:
    """Texts byte by byte, the sizes of scratch, and a check that counts the failures of a slow liveness itself."""
    shown = [
        f'[ "$(printf %s "${name}" | base64 -w0)" = {base64.b64encode(text.encode()).decode()} ]'
        for name, text in TEXTS.items()
    ]
    shown += [f'[ "$(printf %s "$1" | base64 -w0)" = {base64.b64encode(TEXTS["HINT"].encode()).decode()} ]']
    shown += [
        f'[ "$(df -B1 --output=size {path} | tail -1 | tr -d " ")" = {size} ]'
        for path, size in (("/dev/shm", 8 * MIB), ("/tmp", 3 * MIB), ("/var/cache/app", 2 * MIB))
    ]
    script = " && ".join(("set -e", *shown, "touch /tmp/up", "exec sleep 1000"))
    probes = Probes(
        ready=Probe(check=ExecCheck(command=("test", "-e", "/tmp/up"))),
        live=Probe(check=ExecCheck(command=("true",)), interval_seconds=30, failures=20),
    )

    def word(container: Container) -> Workload:
        changed = replace(
            container,
            env=TEXTS,
            command=("sh", "-c", script, "sh"),
            args=(TEXTS["HINT"],),
            scratch=(Scratch(path="/tmp", size_bytes=3 * MIB), Scratch(path="/var/cache/app", size_bytes=2 * MIB)),
            shm_bytes=8 * MIB,
            shared=(),  # its driver is not there
        )
        origin = Origin(key="apps", name="web")
        return Workload(name="web", origin=origin, tier=Tier.APP, container=changed, replicas=1, probes=probes)

    spec = services(lambda container: [word(container)])["shop-web"]["taskSpec"]["containerSpec"]
    own = {"command": spec.pop("commands"), "image": trial.image}
    id, _, _ = trial.create(SERVICE, trial.service("texts", **spec | own))
    (task,) = [one for one in trial.client.tasks({"service": id}) if one["Status"]["State"] == "running"][:1]
    state = trial.client.inspect_container(task["Status"]["ContainerStatus"]["ContainerID"])["State"]
    assert state["Health"]["Status"] == "healthy"
    trial.remove()
    trial.made.clear()


def _scaled(trial: Trial, id: str, replicas: int) -> dict[str, Any]:
    spec = trial.client.inspect_service(id)["Spec"]
    return {
        "name": spec["Name"],
        "task_template": spec["TaskTemplate"],
        "mode": {"Replicated": {"Replicas": replicas}},
        "endpoint_spec": spec["EndpointSpec"],
        "update_config": spec["UpdateConfig"],
    }


def test_a_good_update_runs_and_a_bad_one_is_rolled_back_with_its_reason(trial: Trial) -> None:
    id, inputs, outputs = trial.create(SERVICE, trial.service("app", ["sleep", "1000"]))
    better, changed, replaced = trial.changes(SERVICE, inputs, trial.service("app", ["sleep", "2000"]))
    assert (changed, replaced) == (True, False)
    outputs = trial.provider.update("urn", SERVICE, id, inputs, outputs, better, False)
    assert outputs["taskSpec"]["containerSpec"]["commands"] == ["sleep", "2000"]

    worse, _, _ = trial.changes(SERVICE, better, trial.service("app", ["sh", "-c", "echo no table users; exit 7"]))
    with pytest.raises(PartialFailure) as failure:
        trial.provider.update("urn", SERVICE, id, better, outputs, worse, False)
    assert "update rolled back: task: non-zero exit (7)" in failure.value.reason
    assert "no table users" in failure.value.reason
    assert failure.value.id == id

    # The failed update is taken up again with the inputs of a program that was put right.
    healed = trial.provider.update("urn", SERVICE, id, worse, failure.value.outputs, better, False)
    assert healed["taskSpec"]["containerSpec"]["commands"] == ["sleep", "2000"]
    assert trial.drift(SERVICE, id, better) == {}


@pytest.mark.parametrize(
    ("command", "others", "reason"),
    [
        (["sh", "-c", "echo cannot start; exit 3"], {}, "non-zero exit (3); last output: cannot start"),
        (["sleep", "1000"], {"image": "127.0.0.1:5000/no/such:1"}, "No such image"),
        (
            ["sleep", "1000"],
            {"healthcheck": {"tests": ["CMD-SHELL", "echo not ready; false"], "interval": "1s", "startPeriod": "2m"}},
            "health check exited 1: not ready",
        ),
    ],
    ids=["crash", "image", "health"],
)
def test_a_create_that_does_not_converge_fails_with_its_reason_and_leaves_nothing(
    trial: Trial, command: list[str], others: dict[str, Any], reason: str
) -> None:
    # Long enough for the first failure on a slow machine; the check is still in its start period then.
    given = {**trial.service("bad", command, **others), "convergeConfig": {"timeout": "15s"}}
    with pytest.raises(ProviderError) as failure:
        trial.create(SERVICE, given)
    assert reason in str(failure.value)
    assert trial.provider.find(SERVICE, given) is None


def test_a_volume_is_made_and_removed(trial: Trial) -> None:
    name, inputs, outputs = trial.create(VOLUME, {"labels": [{"label": "a", "value": "b"}]})
    assert outputs["driver"] == "local"
    assert outputs["mountpoint"]
    assert trial.drift(VOLUME, name, inputs) == {}
    trial.remove()
    trial.made.clear()
    assert trial.provider.find(VOLUME, inputs) is None
