"""What the CLI stores with the stand-ins is what it was recorded to store with the official plugins."""

import json
import shutil
from pathlib import Path

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import ensure_images, reference
from tests.conformance.normalise import differences, resources
from tests.conformance.record import IMAGE, REFERENCE
from tests.conformance.sandbox_engine import PROGRAM
from tests.live.pulumi_cli.project import Project

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]


@pytest.mark.swarm
def test_swarm(swarm_dev: SwarmCluster, pulumi_command: Path, tmp_path: Path) -> None:
    stored_as_recorded("swarm", pulumi_command, tmp_path, {"DOCKER_HOST": swarm_dev.docker_host})
    # No object of the program: the service's mount made it.
    swarm_dev.client().api.remove_volume("conformance-own")


@pytest.mark.kubernetes
def test_kubernetes(kubernetes_cluster: KubernetesCluster, pulumi_command: Path, tmp_path: Path) -> None:
    ensure_images(["base"])
    stored_as_recorded("kubernetes", pulumi_command, tmp_path, {"KUBECONFIG": str(kubernetes_cluster.kubeconfig)})


def stored_as_recorded(stack: str, pulumi: Path, directory: Path, target: dict[str, str]) -> None:
    """Deploys the conformance program, compares what is stored, and removes everything again."""
    image = reference("base")
    project = Project(pulumi, directory, target, program=PROGRAM, name="conformance", stack=stack)
    shutil.copy(PROGRAM / project.stack_file.name, project.stack_file)
    project.init()
    try:
        up = project.run("up", "--yes", "--skip-preview", **{IMAGE: image})
        assert up.code == 0, up.text
        stored = json.loads(json.dumps(resources(project.exported())).replace(image, "IMAGE"))
    finally:
        destroy = project.run("destroy", "--yes", "--skip-preview", **{IMAGE: image})
    assert destroy.code == 0, destroy.text
    recorded = json.loads((REFERENCE / f"{stack}.json").read_text())["resources"]
    assert stored.keys() == recorded.keys()
    assert {urn: found for urn, state in stored.items() if (found := differences(state, recorded[urn]))} == {}
