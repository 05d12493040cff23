"""The program does not ask where it runs, and both platform packages have the same files."""

import ast
from pathlib import Path

import pytest

from tests.architecture.modules import ROOT, files, tree

ROOMS = ("swarm", "kubernetes")
WORDS = (
    "agent", "config_file", "container", "entry", "job", "members", "names", "network", "platform", "probe",
    "resources", "rollout", "scaling", "secret", "settings", "volume", "workload",
)  # fmt: skip
"""One file for each word; a platform may have more for what only it needs."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_one_file_for_each_word(room: str) -> None:
    names = {path.stem for path in files(f"platforms/{room}")}
    assert not set(WORDS) - names


def test_swarm_needs_three_files_that_kubernetes_does_not_have() -> None:
    """A volume that follows its member knows no moves, a tag of a Deployment stays a tag, and the cluster scales."""
    names = {room: {path.stem for path in files(f"platforms/{room}")} for room in ROOMS}
    assert names["swarm"] - names["kubernetes"] == {"moves", "running", "scaler"}


def strings(path: Path) -> set[str]:
    """Texts in the code that are exactly a platform's name; prose in docstrings is not."""
    return {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and node.value in ROOMS}


def test_no_component_branches_on_the_platform() -> None:
    wrong = {path for path in files("components", "model", "composition", "settings") if strings(path)}
    assert not wrong


def test_no_program_file_branches_on_the_name_of_a_stack() -> None:
    names = {path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")}
    wrong = {
        f"{path}:{node.lineno} compares with {constant.value!r}"
        for path in files("components", "model", "composition", "settings", "platforms")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Compare)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and constant.value in names
    }
    assert not wrong
