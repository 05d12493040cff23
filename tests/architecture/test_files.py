"""Files are small, and every file under tests is either collected or used."""

import ast
import re
from pathlib import Path

from tests.architecture.modules import ROOT, files, tree

LARGEST = 400
SOURCES = (*("settings", "model", "guarantees", "platforms", "components", "composition", "ha_platform", "policies"),
           *("sandbox", "cli", "benchmarks", "drills", "scripts", "tests"))  # fmt: skip
SUFFIXES = {".py", ".sh", ".j2", ".go", ".cfg", ".conf", ".toml"}
GENERATED = re.compile(r"\.golden\.|image_pins/sandbox\.toml$|^ha_platform/args/")


def lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def sources() -> list[Path]:
    found = (path for name in SOURCES for path in (ROOT / name).rglob("*") if path.suffix in SUFFIXES)
    relative = (path.relative_to(ROOT) for path in found)
    return [path for path in relative if not GENERATED.search(str(path))]


def test_no_file_is_longer_than_400_lines() -> None:
    assert not {str(path): lines(path) for path in sources() if lines(path) > LARGEST}


def has_tests(path: Path) -> bool:
    """Whether pytest collects something from a file that it looks into."""
    return any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
        for node in ast.walk(tree(path))
    )


def test_every_test_file_has_tests() -> None:
    assert not [str(path) for path in files("tests") if path.name.startswith("test_") and not has_tests(path)]


def test_every_other_file_under_tests_is_used() -> None:
    texts = {path: (ROOT / path).read_text() for path in files("tests")}
    texts |= {path.relative_to(ROOT): path.read_text() for path in (ROOT / "Makefile", *(ROOT / "scripts").glob("*"))}
    unused = [
        str(path)
        for path in files("tests")
        if not path.name.startswith("test_") and path.name not in ("conftest.py", "__init__.py")
        and not any(re.search(rf"\b{path.stem}\b", text) for other, text in texts.items() if other != path)
    ]  # fmt: skip
    assert not unused


def test_no_helper_has_tests_that_are_never_collected() -> None:
    wrong = [
        str(path)
        for path in files("tests")
        if not path.name.startswith("test_")
        and any(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not node.args.args
            for node in tree(path).body
        )
    ]
    assert not wrong
