"""A release on a copy of the tree."""

import re
import shutil
from pathlib import Path

import pytest

from changelog.release import ReleaseError, changelog_of, release
from tests.stacks.fixtures import REPOSITORY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What a release reads and writes."""
    for folder in ("changelog", "docs/decisions"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def _fragment(root: Path, name: str, text: str) -> None:
    (root / "changelog/next").mkdir(exist_ok=True)
    (root / "changelog/next" / name).write_text(text)


def _record(root: Path, name: str, doors: str) -> None:
    text = f"# {name[:4]}: a choice\n\n## Context\n\nNo.\n\n## One-way doors\n\n{doors}\n\n## Consequences\n\nNo.\n"
    (root / "docs/decisions" / name).write_text(text)


def test_every_fragment_is_in_it_once_and_the_folder_is_free(root: Path) -> None:
    fragments = {path.name: path.read_text() for path in (root / "changelog/next").glob("*.md")}
    release(root, "9.0.0", "2030-01-31")
    text = (root / "CHANGELOG.md").read_text()
    for name, said in fragments.items():
        assert text.count("- " + "\n  ".join(said.strip().splitlines())) == 1, name
    assert text.index("### Added") < text.index("### Changed") < text.index("### Fixed") < text.index("### Security")
    assert not (root / "changelog/next").exists()
    assert {path.name for path in (root / "changelog/9.0.0").glob("*.md")} == set(fragments)
    assert '\nversion = "9.0.0"\n' in (root / "pyproject.toml").read_text()


def test_one_way_doors_are_notes_of_the_version_that_has_them_first(root: Path) -> None:
    release(root, "9.0.0", "2030-01-31")
    first = (root / "CHANGELOG.md").read_text()
    for path in (root / "docs/decisions").glob("*.md"):
        _, _, rest = path.read_text().partition("## One-way doors\n")
        doors = rest.partition("\n## ")[0].strip()
        if doors and not doors.startswith("None"):
            assert doors.splitlines()[-1].partition("](")[0] in first, path.name
    assert "docs/decisions/0024-delivery.md" not in first, "it has none"
    assert "Types are `ha-platform:index:<Component>`" in first, "a paragraph of 0013"
    assert "\nThe names of the claims, which are the names of the data." in first, "the end of a paragraph of 0006"
    links = {link.partition("#")[0] for link in re.findall(r"\]\((?!http)([^)]+)\)", first)}
    assert links
    for link in links:
        assert (REPOSITORY / link).exists(), link
    _record(root, "9001-names.md", "- The names of members.")
    _fragment(root, "added-names.md", "Members have names.\nWrite them.\n")
    release(root, "9.1.0", "2030-02-28")
    text = (root / "CHANGELOG.md").read_text()
    newest, older = text.split("\n## ")[1:]
    assert newest.startswith("9.1.0 (2030-02-28)\n")
    assert "**[9001: a choice](docs/decisions/9001-names.md)**\n\n- The names of members.\n" in newest
    assert newest.count("docs/decisions/") == 1, "what the version before had is no news"
    assert "- Members have names.\n  Write them.\n" in newest
    assert older.strip() == first.partition("\n## ")[2].strip(), "what was released stays as it was"
    assert changelog_of(root) == text


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("2", "VERSION=2 is not three numbers, as 0.2.0 is."),
        ("v9.1.0", "VERSION=v9.1.0 is not three numbers"),
        ("9.0.0", "VERSION=9.0.0 is not newer than 9.0.0, which is released."),
        ("8.9.9", "VERSION=8.9.9 is not newer than 9.0.0"),
        ("9.0.1", "changelog/next has no fragment"),
    ],
)
def test_what_is_no_release_changes_nothing(root: Path, version: str, said: str) -> None:
    release(root, "9.0.0", "2030-01-31")
    before = (root / "CHANGELOG.md").read_text()
    with pytest.raises(ReleaseError, match=f"^{said}"):
        release(root, version, "2030-02-28")
    assert (root / "CHANGELOG.md").read_text() == before
    assert '\nversion = "9.0.0"\n' in (root / "pyproject.toml").read_text()


def test_a_version_below_the_projects_is_refused(root: Path) -> None:
    with pytest.raises(ReleaseError, match=r"^VERSION=0\.0\.9 is older than 0\.1\.0 in pyproject\.toml"):
        release(root, "0.0.9", "2030-01-31")
    assert (root / "changelog/next").is_dir()
