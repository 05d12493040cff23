"""How much code the sandbox engine is, beside what it runs."""

from pathlib import Path

from cli.stack_file import REPOSITORY

PARTS: dict[str, tuple[str, ...]] = {
    "product": (
        *("__main__.py", "settings", "model", "platforms", "components", "composition", "guarantees", "policies"),
        *("ha_platform", "cli"),
    ),
    "sandbox engine": ("sandbox/engine",),
    "its tests": ("tests/engine", "tests/live/test_engine_docker.py", "tests/live/test_engine_kubernetes.py"),
    "stand-ins": ("sandbox/pulumi/stand_ins",),
}
_GENERATED = REPOSITORY / "ha_platform/args"


def lines() -> dict[str, int]:
    """Lines of Python that are not blank, for each part; without generated files."""
    return {part: sum(map(_of, places)) for part, places in PARTS.items()}


def _of(place: str) -> int:
    path = REPOSITORY / place
    files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    return sum(_count(file) for file in files if not file.is_relative_to(_GENERATED))


def _count(file: Path) -> int:
    return sum(1 for line in file.read_text().splitlines() if line.strip())
