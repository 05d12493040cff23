"""Where a stack runs: HOST, then the stack file, then the environment, then the sandbox."""

from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError
from cli.hosts import hosts_of
from cli.stack_file import StackFile

SANDBOX = {"source": "sandbox"}
UPSTREAM = {"source": "upstream"}


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "DOCKER_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)


def _stack(images: dict[str, str], **platform: Any) -> StackFile:
    return StackFile(name="s", path=Path("s.yaml"), settings={"platform": platform, "images": images})


def test_sandbox_images_run_on_the_sandbox() -> None:
    hosts = hosts_of(_stack(SANDBOX, kind="swarm"))
    assert hosts.sandbox
    assert hosts.address == "10.77.0.11"
    assert hosts.environment == {"DOCKER_HOST": hosts.docker_host}


def test_sandbox_images_run_on_the_sandbox_cluster() -> None:
    hosts = hosts_of(_stack(SANDBOX, kind="kubernetes"))
    assert hosts.sandbox
    assert hosts.environment == {"KUBECONFIG": hosts.kubeconfig}


@pytest.mark.parametrize("name", ["HOST", "DOCKER_HOST"])
def test_the_environment_names_a_docker(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "tcp://10.1.2.3:2375")
    hosts = hosts_of(_stack(SANDBOX, kind="swarm"))
    assert not hosts.sandbox
    assert (hosts.docker_host, hosts.address) == ("tcp://10.1.2.3:2375", "10.1.2.3")


def test_the_stack_file_comes_before_docker_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.1.2.3:2375")
    hosts = hosts_of(_stack(UPSTREAM, kind="swarm", host="ssh://admin@manager.example.com"))
    assert (hosts.docker_host, hosts.address) == ("ssh://admin@manager.example.com", "manager.example.com")


def test_upstream_images_run_on_the_local_docker() -> None:
    hosts = hosts_of(_stack(UPSTREAM, kind="swarm"))
    assert (hosts.docker_host, hosts.address, hosts.sandbox) == (None, "127.0.0.1", False)


def test_a_kubeconfig_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/etc/cluster")
    hosts = hosts_of(_stack(SANDBOX, kind="kubernetes"))
    assert not hosts.sandbox
    assert "/etc/cluster" in hosts.description


def test_host_is_for_docker_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "tcp://10.1.2.3:2375")
    with pytest.raises(CommandError, match="set KUBECONFIG instead"):
        hosts_of(_stack(UPSTREAM, kind="kubernetes"))
