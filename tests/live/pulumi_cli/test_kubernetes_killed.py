"""An `up` of the CLI that is killed in the middle, on Kubernetes: both ways on.

The tests go on with each other's stack, in this order.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.images import ensure_images
from tests.live.dev.stacks import SMALL, StackFile
from tests.live.pulumi_cli import readme
from tests.live.pulumi_cli.project import UNCHANGED, Project, quiet
from tests.live.pulumi_cli.test_swarm_killed import STACK, UP, change, with_cache
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(900, func_only=True)]

NAMESPACE = f"ha-platform-{STACK}"
SETTINGS = copy.deepcopy(SMALL)
SETTINGS["platform"] = {"kind": "kubernetes", "entry": "node-port", "nodes": 3}
SETTINGS["balancers"]["edge"] |= {"listen": {"http": 30180}, "status": {"port": 30504}}
SETTINGS["apps"]["web"]["migrations"] = {"command": ["true"], "retries": 0, "deadline": "60s"}
del SETTINGS["caches"]


def with_failing_migration(settings: dict[str, Any]) -> None:
    settings["apps"]["web"]["migrations"]["command"] = ["sh", "-c", "echo no such table; exit 3"]


@pytest.fixture(scope="module")
def project(
    kubernetes_cluster: KubernetesCluster, pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The stack, initialised; removed at the end, whatever happened to it."""
    ensure_images()
    target = {"KUBECONFIG": str(kubernetes_cluster.kubeconfig)}
    made = Project(pulumi_command, tmp_path_factory.mktemp("project"), target, stack=STACK)
    (made.directory / "policies").symlink_to(REPOSITORY / "policies")  # the README is read in the repository
    StackFile(made.stack_file, SETTINGS)
    made.init()
    try:
        yield made
    finally:
        made.run("cancel", "--yes")
        made.run("destroy", "--yes", "--skip-preview", "--exclude-protected")


def names(cluster: KubernetesCluster, kind: str) -> set[str]:
    found = cluster.kubectl(["get", kind, "-n", NAMESPACE, "-o", "name"])
    return set(found.split())


def exists(cluster: KubernetesCluster, kind: str, name: str) -> Callable[[], bool]:
    return lambda: any(each.rsplit("/", 1)[-1].startswith(name) for each in names(cluster, kind))


def unchanged(project: Project) -> None:
    run = project.run(*UNCHANGED)
    assert run.code == 0, run.text


def test_the_commands_of_the_readme_go_on(project: Project, kubernetes_cluster: KubernetesCluster) -> None:
    project.stop(*UP, when=exists(kubernetes_cluster, "deployment", "web"))
    run = project.lines(readme.commands("PULUMI_K8S"))
    assert run.code == 0, run.text
    unchanged(project)


def test_make_up_goes_on_and_restarts_nothing(project: Project, kubernetes_cluster: KubernetesCluster) -> None:
    ran = names(kubernetes_cluster, "pods")
    change(project, with_cache)
    project.stop(*UP, when=exists(kubernetes_cluster, "statefulset", "sessions-redis"))
    run = project.make("up")
    assert run.code == 0, run.text
    assert f"StatefulSet {NAMESPACE}/sessions-redis: adopted" in run.out
    assert quiet(run.text), run.text
    assert ran <= names(kubernetes_cluster, "pods")
    unchanged(project)


def test_make_up_says_what_a_failing_migration_said(project: Project) -> None:
    change(project, with_failing_migration)
    run = project.make("up")
    assert run.code != 0
    assert "web-migrate: container web-migrate failed with exit code 3 in web-migrate-" in run.err
    assert "    | no such table\n" in run.err
    assert quiet(run.text), run.text
