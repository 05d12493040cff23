"""What the sandbox engine stores after a real deployment is what the recorded Pulumi CLI stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import ensure_images, reference
from tests.conformance.normalise import differences, resources
from tests.conformance.record import REFERENCE
from tests.conformance.sandbox_engine import PROGRAM, SandboxEngine

pytestmark = [pytest.mark.live]


@pytest.mark.swarm
def test_swarm(swarm_dev: SwarmCluster, tmp_path: Path) -> None:
    stored_as_recorded("swarm", tmp_path, {"DOCKER_HOST": swarm_dev.docker_host})
    # No object of the program: the service's mount made it.
    swarm_dev.client().api.remove_volume("conformance-own")


@pytest.mark.kubernetes
def test_kubernetes(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> None:
    ensure_images(["base"])
    stored_as_recorded("kubernetes", tmp_path, {"KUBECONFIG": str(kubernetes_cluster.kubeconfig)})


def stored_as_recorded(stack: str, directory: Path, host: dict[str, str]) -> None:
    """Deploys the conformance program, compares what is stored, and removes everything again."""
    image = reference("base")
    shutil.copytree(PROGRAM, directory / "program")
    engine = SandboxEngine(
        directory / "program", directory / "state", "a passphrase", {**host, "CONFORMANCE_IMAGE": image}
    )
    try:
        engine.run("up", stack)
        stored = json.loads(json.dumps(resources(engine.export(stack))).replace(image, "IMAGE"))
        engine.run("preview", stack, "--expect-no-changes")
    finally:
        engine.run("destroy", stack)
    recorded: dict[str, Any] = json.loads((REFERENCE / f"{stack}.json").read_text())["resources"]
    assert stored.keys() == recorded.keys()
    wrong = {urn: found for urn, state in stored.items() if (found := differences(state, recorded[urn]))}
    assert wrong == {}
