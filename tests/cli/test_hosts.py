"""Where a stack runs: HOST, then the stack file, then the environment, then the sandbox."""

import ast
from pathlib import Path
from typing import Any, get_args

import pytest

from cli.errors import CommandError
from cli.hosts import Hosts
from cli.platforms import OPERATIONS, operations
from cli.stack_file import StackFile
from platforms.table import PlatformSettings
from tests.architecture.modules import files, tree

SANDBOX = {"source": "sandbox"}
UPSTREAM = {"source": "upstream"}


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "DOCKER_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)


def _stack(images: dict[str, str], **platform: Any) -> StackFile:
    more = {"nodes": ["a"], "entry": "dns"} if platform["kind"] == "swarm" else {}
    return StackFile(name="s", path=Path("s.yaml"), document={"platform": {**platform, **more}, "images": images})


def hosts_of(stack: StackFile) -> Hosts:
    return operations(stack).hosts


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


@pytest.mark.parametrize("name", ["HOST", "DOCKER_HOST"])
@pytest.mark.parametrize("images", [SANDBOX, UPSTREAM], ids=["sandbox", "upstream"])
def test_images_of_a_stack_on_kubernetes_are_verified_on_a_docker(
    name: str, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "tcp://10.1.2.3:2375")
    assert operations(_stack(images, kind="kubernetes")).docker().docker_host == "tcp://10.1.2.3:2375"


def test_without_one_it_is_the_local_docker() -> None:
    assert operations(_stack(UPSTREAM, kind="kubernetes")).docker().docker_host is None
    with pytest.raises(CommandError, match="has no Docker"):
        operations(_stack(SANDBOX, kind="kubernetes")).docker()


def test_on_swarm_it_is_where_the_stack_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.1.2.3:2375")
    on = operations(_stack(UPSTREAM, kind="swarm", host="ssh://admin@manager.example.com"))
    assert on.docker() is on.hosts
    assert on.docker().docker_host == "ssh://admin@manager.example.com"


def test_every_platform_has_its_operations() -> None:
    assert set(OPERATIONS) == set(get_args(get_args(PlatformSettings)[0]))


def test_a_platform_that_is_not_in_the_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.platforms.OPERATIONS", {})
    with pytest.raises(CommandError, match="do not know the platform `swarm`"):
        operations(_stack(UPSTREAM, kind="swarm"))


def test_only_the_table_asks_which_platform_it_is() -> None:
    """The commands do not compare with a platform's name."""
    names = {"swarm", "kubernetes"}
    wrong = {
        f"{path}:{node.lineno}"
        for path in files("cli")
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Compare, ast.MatchValue))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and inner.value in names
    }
    assert not wrong
