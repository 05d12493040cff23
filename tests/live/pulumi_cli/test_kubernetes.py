"""The CLI deploys a small stack to Kubernetes. The tests go on with each other's stack, in this order."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.images import ensure_images
from tests.live.dev.stacks import SMALL, StackFile
from tests.live.pulumi_cli.project import Project
from tests.live.pulumi_cli.test_swarm import UNCHANGED, UP, quiet

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(600, func_only=True)]

SETTINGS = copy.deepcopy(SMALL)
SETTINGS["platform"] = {"kind": "kubernetes", "entry": "node-port", "nodes": 1}
SETTINGS["balancers"]["edge"] |= {"listen": {"http": 30180}, "status": {"port": 30504}}


@pytest.fixture(scope="module")
def project(
    kubernetes_cluster: KubernetesCluster, pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The stack, initialised; removed at the end, whatever happened to it."""
    ensure_images()
    target = {"KUBECONFIG": str(kubernetes_cluster.kubeconfig)}
    made = Project(pulumi_command, tmp_path_factory.mktemp("project"), target)
    StackFile(made.stack_file, SETTINGS)
    init = made.run("stack", "init")
    assert init.code == 0, init.text
    try:
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview", "--exclude-protected")


def test_up_deploys(project: Project) -> None:
    run = project.run(*UP)
    assert run.code == 0, run.text
    assert re.search(r"\+ \d+ created", run.out)
    assert "pulumi-resource-kubernetes: a stand-in of the sandbox" in run.text
    assert quiet(run.text)


def test_the_next_up_changes_nothing(project: Project) -> None:
    for command in (UNCHANGED, UP, ("refresh", "--yes", "--skip-preview"), UNCHANGED):
        run = project.run(*command)
        assert run.code == 0, f"pulumi {' '.join(command)}: {run.text}"
        assert " to update" not in run.out
        assert " updated" not in run.out


def test_destroy_leaves_nothing_in_the_state(project: Project) -> None:
    run = project.run("destroy", "--yes", "--skip-preview")
    assert run.code == 0, run.text
    assert project.exported()["deployment"].get("resources", []) == []
