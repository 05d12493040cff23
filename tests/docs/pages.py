"""The documentation, read: pages, their links, commands and snippets."""

import re
from collections.abc import Iterator
from pathlib import Path

from composition.reference import anchor
from tests.stacks.fixtures import REPOSITORY

PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "changelog").rglob("*.md"),
        *(REPOSITORY / "components").rglob("*.md"),
        *(REPOSITORY / "drills").rglob("*.md"),
        *(REPOSITORY / "ha_platform").rglob("*.md"),
        *(REPOSITORY / "sandbox").rglob("*.md"),
    ]
)
RUNBOOKS = sorted(path for path in (REPOSITORY / "docs/runbooks").glob("*.md") if path.name != "README.md")

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SNIPPET = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MAKE = re.compile(r"^ {4}make ([a-z-]+)|`make ([a-z-]+)|^make ([a-z-]+)", re.MULTILINE)
_MODULE = re.compile(r"python -m ([a-z_.]+)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return str(page.relative_to(REPOSITORY))


def links(page: Path) -> Iterator[str]:
    """Targets inside the repository."""
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """The fragments that lead to a heading."""
    return {anchor(heading) for heading in _HEADING.findall(_CODE.sub("", page.read_text()))}


def make_targets(page: Path) -> set[str]:
    """Every `make <target>` that the page tells to run."""
    return {target for found in _MAKE.findall(page.read_text()) for target in found if target}


def modules(page: Path) -> set[str]:
    """Every `python -m <module>` that the page tells to run."""
    return {found.rstrip(".") for found in _MODULE.findall(page.read_text())}


def yaml_snippets(page: Path) -> list[str]:
    """The texts of the page's YAML blocks that are parts of stack files. A program is run by tests/library."""
    return [text for text in _SNIPPET.findall(page.read_text()) if not text.startswith("variables:")]
