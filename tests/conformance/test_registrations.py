"""The sandbox engine registers what the recorded Pulumi CLI registered: types, names, parents, dependencies, inputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.normalise import differences, resource
from tests.conformance.record import REFERENCE, STACKS
from tests.conformance.sandbox_engine import PROGRAM, REPOSITORY, SandboxEngine

NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "KUBECONFIG": "/nowhere/kubeconfig"}
"""A preview that asks no API: what is compared is the engine's own doing."""


def reference(stack: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((REFERENCE / f"{stack}.json").read_text())
    return read


@pytest.mark.parametrize("stack", STACKS)
def test_registrations(stack: str, tmp_path: Path) -> None:
    engine = SandboxEngine(PROGRAM, tmp_path, "offline", {**NOWHERE, "CONFORMANCE_IMAGE": "IMAGE"})
    registered = engine.registered(stack)
    # A preview does not show default providers; each resource names its own all the same.
    recorded = {u: r for u, r in reference(stack)["resources"].items() if "::default_" not in u}
    assert registered.keys() == recorded.keys()
    found = {
        urn: wrong
        for urn, state in registered.items()
        if (wrong := differences(without_outputs(resource(state)), without_outputs(recorded[urn])))
    }
    assert found == {}


def without_outputs(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "outputs"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_reference_says_what_wrote_it_and_holds_no_secret(stack: str) -> None:
    written = reference(stack)
    assert written["versions"]["pulumi"].startswith("v")
    assert {"random", {"swarm": "docker", "kubernetes": "kubernetes"}[stack]} <= written["versions"]["plugins"].keys()
    assert written["take_over"].keys() == {"same"}
    password = next(r for urn, r in written["resources"].items() if urn.endswith("RandomPassword::password"))
    assert password["outputs"]["result"] == "[secret]"


def test_no_reference_is_written_without_the_cli(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in REFERENCE.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.record", "swarm"],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": str(tmp_path)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "there is no `pulumi` on PATH: install the Pulumi CLI; only it can write a reference"
    )
    assert {path: path.read_bytes() for path in REFERENCE.iterdir()} == before
