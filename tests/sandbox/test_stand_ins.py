"""The stand-ins for the CLI's plugins: where they start, what they say they are, and what docker's does."""

import os
import subprocess
from collections.abc import Callable
from copy import deepcopy
from importlib.metadata import version
from typing import Any

import pytest
from google.protobuf import empty_pb2

from platforms.swarm.address import NOWHERE
from sandbox.engine.providers.docker.kinds import SERVICE_TYPE
from sandbox.engine.values import format_path
from sandbox.engine.wire import to_struct
from sandbox.pulumi.stand_ins.docker import OfficialDocker
from sandbox.pulumi.stand_ins.environment import ALLOWED, BIN, stand_in_environment
from sandbox.pulumi.stand_ins.language import PythonHost
from sandbox.pulumi.stand_ins.provider import StandIn

PACKAGES = ("docker", "kubernetes", "random", "tls")
DIGEST = f"@sha256:{'a' * 64}"
INPUTS: dict[str, Any] = {
    "name": "web",
    "taskSpec": {"containerSpec": {"image": "web:1"}, "placement": {"constraints": ["node.role==manager"]}},
}


def test_there_is_one_for_each_package_that_the_program_uses() -> None:
    names = {path.name for path in BIN.iterdir()}
    assert names == {"plugin", "pulumi-language-python", *(f"pulumi-resource-{package}" for package in PACKAGES)}


@pytest.mark.parametrize("name", ["pulumi-language-python", "pulumi-resource-docker"])
def test_none_starts_where_the_sandbox_did_not_start_the_cli(name: str) -> None:
    environment = {**os.environ, **stand_in_environment()}
    del environment[ALLOWED]
    done = subprocess.run(
        [str(BIN / name), "127.0.0.1:1"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"{name}: this is a stand-in for tests on sandbox hosts; install Pulumi's own plugin\n"


class Silent:
    """The CLI's log."""

    def log(self, severity: str, text: str, urn: str = "") -> None:
        """Nobody listens."""


def plugin(package: str) -> StandIn:
    return StandIn(package, Silent())  # type: ignore[arg-type]


@pytest.mark.parametrize("package", PACKAGES)
def test_its_version_is_the_pinned_one_and_says_what_it_is(package: str) -> None:
    info = plugin(package).GetPluginInfo(empty_pb2.Empty(), None)
    assert info.version == f"{version(f'pulumi-{package}')}+stand-in"
    assert PythonHost("").GetPluginInfo(empty_pb2.Empty(), None).version == f"{version('pulumi')}+stand-in"


class Refused(Exception):
    """What the protocol's context raises when a call ends with an error."""


class Context:
    """Of one call."""

    def abort(self, code: object, text: str) -> None:  # noqa: ARG002 - the protocol's
        raise Refused(text)


class Configuration:
    """What the CLI configures a provider with."""

    def __init__(self, **values: Any) -> None:
        self.args = to_struct(values)


@pytest.mark.parametrize(
    ("package", "values"),
    [("docker", {"host": "tcp://192.0.2.1:1"}), ("kubernetes", {"kubeconfig": "/home/me/config"})],
)
def test_any_host_but_the_sandbox_s_is_refused(
    package: str, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, "tcp://10.77.0.11:2375")
    with pytest.raises(Refused, match=r"for the sandbox only, not for (tcp://192\.0\.2\.1:1|/home/me/config)"):
        plugin(package).Configure(Configuration(**values), Context())


def test_docker_wants_a_host_that_answers_unless_it_is_called_by_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = "tcp://127.0.0.1:1"
    monkeypatch.setenv(ALLOWED, nobody)
    for told in ({}, {"disableDockerDaemonCheck": "true"}):
        with pytest.raises(Refused, match="failed to connect to any docker daemon"):
            plugin("docker").Configure(Configuration(host=nobody, **told), Context())
    assert plugin("docker").Configure(Configuration(host=NOWHERE), Context()).supportsPreview
    with pytest.raises(Refused, match="for the sandbox only, not for ssh://me@manager"):
        plugin("docker").Configure(Configuration(host="ssh://me@manager"), Context())


def changed(stored: Callable[[Any], object], wanted: Callable[[Any], object]) -> set[str]:
    """The paths that a preview shows, of a service that is `stored` so and `wanted` so."""
    outputs, inputs = deepcopy(INPUTS), deepcopy(INPUTS)
    stored(outputs["taskSpec"])
    wanted(inputs["taskSpec"])
    provider = OfficialDocker({}, print)
    return {format_path(path) for path in provider.diff(SERVICE_TYPE, INPUTS, outputs, inputs).changes}


def image(text: str) -> Callable[[Any], object]:
    return lambda task: task["containerSpec"].update(image=text)


def test_docker_takes_a_tag_for_another_image_than_the_digest_that_it_stored() -> None:
    assert changed(image(f"web:1{DIGEST}"), image("web:1")) == {"taskSpec.containerSpec.image"}
    assert changed(image(f"web:1{DIGEST}"), image(f"web:1{DIGEST}")) == set()
    assert changed(image("web:1"), image("web:1")) == set()


def test_docker_takes_the_platforms_that_it_read_for_a_difference() -> None:
    platforms = [{"architecture": "amd64", "os": "linux"}]
    read = changed(lambda task: task["placement"].update(platforms=platforms), lambda _: None)
    assert read == {"taskSpec.placement.platforms"}
