"""The project's Python files, read as text: nothing is imported, so nothing runs."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ("settings", "model", "guarantees", "platforms", "components", "composition", "ha_platform")
"""Packages that run inside `pulumi up`."""


@cache
def files(*directories: str) -> tuple[Path, ...]:
    """The Python files below the directories, relative to the repository."""
    found = (path.relative_to(ROOT) for directory in directories for path in (ROOT / directory).rglob("*.py"))
    return tuple(sorted(found))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it, as an absolute dotted name.

    `from platforms import table` gives both `platforms` and `platforms.table`, for the text does not say which it is.
    """
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.parent.parts[: len(path.parent.parts) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def below(module: str, package: str) -> bool:
    """Whether `module` is the package or inside it."""
    return module == package or module.startswith(f"{package}.")
