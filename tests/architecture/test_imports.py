"""Imports run one way, and providers stay in their platform's package."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.modules import PROGRAM, ROOT, below, files, imports

OURS = (*PROGRAM, "policies", "sandbox", "cli", "benchmarks", "drills", "scripts", "tests")
MAY_IMPORT = {
    "settings": ("settings",),
    "model": ("model",),
    "guarantees": ("guarantees", "settings"),
    "platforms": ("platforms", "guarantees", "model", "settings"),
    "components": ("components", "guarantees", "model", "settings", "platforms.base"),
    "composition": (
        "composition",
        "components",
        "guarantees",
        "model",
        "settings",
        "platforms.base",
        "platforms.table",
    ),
    "ha_platform": (
        "ha_platform",
        "composition",
        "components",
        "model",
        "settings",
        "platforms.base",
        "platforms.table",
    ),
    "policies": ("policies",),
    "drills": ("drills", "composition", "guarantees", "sandbox"),
}
PLUGIN = Path("components/__main__.py")
"""A program, as `__main__.py` is: it starts what is above."""
ROOMS = ("swarm", "kubernetes")
PROVIDER_OF = {"swarm": "pulumi_docker", "kubernetes": "pulumi_kubernetes"}


def ours(path: Path) -> set[str]:
    """The project's own modules that a file imports, without names inside an allowed module."""
    return {module for module in imports(path) if module.partition(".")[0] in OURS}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package]
    parents = {name.rpartition(".")[0] for name in allowed if "." in name}  # of `from platforms import table`
    wrong = {
        f"{path} imports {module}"
        for path in files(package)
        if path != PLUGIN
        for module in ours(path)
        if not any(below(module, name) for name in allowed) and module not in parents
    }
    assert not wrong


def test_the_program_file_knows_composition_and_settings_only() -> None:
    assert {module.partition(".")[0] for module in ours(Path("__main__.py"))} == {"composition", "settings"}


def test_the_plugin_file_knows_the_library_only() -> None:
    assert ours(PLUGIN) == {"ha_platform.plugin", "ha_platform.plugin.main"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_platform_room_does_not_know_the_other(room: str) -> None:
    others = [f"platforms.{other}" for other in ROOMS if other != room]
    wrong = {
        f"{path} imports {module}"
        for path in files(f"platforms/{room}")
        for module in imports(path)
        if any(below(module, other) for other in (*others, "platforms.table"))
    }
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_a_provider_is_imported_in_its_room_only(room: str) -> None:
    provider = PROVIDER_OF[room]
    where = {path for path in files(*PROGRAM) if any(below(module, provider) for module in imports(path))}
    assert where
    assert {path.parts[:2] for path in where} == {("platforms", room)}


def test_no_provider_outside_the_platforms() -> None:
    wrong = {
        f"{path} imports {module}"
        for path in files("components", "model", "settings", "composition", "ha_platform")
        for module in imports(path)
        if module.startswith("pulumi_")
    }
    assert not wrong


def test_the_dispatch_over_platforms_is_in_the_table_only() -> None:
    where = {
        path
        for path in files(*PROGRAM)
        if path.parts[:2] not in {("platforms", room) for room in ROOMS}
        and any(below(module, f"platforms.{room}") for module in imports(path) for room in ROOMS)
    }
    assert where == {Path("platforms/table.py")}


def test_settings_of_all_platforms_load_without_any_provider() -> None:
    code = (
        "import sys, platforms.table; "
        f"sys.exit([name for name in {sorted(PROVIDER_OF.values())} if name in sys.modules] or 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
