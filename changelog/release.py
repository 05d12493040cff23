"""`make release VERSION=0.2.0`: the fragments become a version of CHANGELOG.md, with notes for those who upgrade.

python -m changelog.release VERSION [YYYY-MM-DD]
"""

import datetime
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_KINDS = {
    "added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed", "security": "Security",
}  # fmt: skip
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_IN_PROJECT = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_DOORS = re.compile(
    r"^## One-way doors?\n(?P<section>.*?)(?=^## |\Z)"
    r"|\*\*One-way doors?\.\*\*\s(?P<paragraph>.*?)(?=\n\n|\n\*\*|\n- |\Z)"
    r"|One-way doors?: (?P<sentence>.*?)(?=\n\n|\n- |\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A section of a record, a paragraph, or the end of one."""
_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")
_RECORDS = "records"
"""In a version's folder: its date, and the decision records that there were, a number a line."""
_HEAD = """# Changelog

Written by `make release` from the fragments in [changelog/](changelog/README.md).
"""


class ReleaseError(Exception):
    """One sentence for a person."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version that was released: its date, and the numbers of the decision records that it has."""

    version: str
    date: str
    records: frozenset[str]

    @property
    def order(self) -> tuple[int, ...]:
        """Of versions, the older one first."""
        return _numbers(self.version)


def release(root: Path, version: str, date: str) -> list[Path]:
    """Move the fragments, write CHANGELOG.md and the project's version; returns what was written. Raises
    ReleaseError, and changes nothing then."""
    project = root / "pyproject.toml"
    text = project.read_text()
    found = _IN_PROJECT.search(text)
    if found is None:
        raise ReleaseError('pyproject.toml has no line `version = "..."`.')
    _check(root, version, found[1])
    here, there = root / "changelog" / "next", root / "changelog" / version
    here.rename(there)
    records = sorted(path.name[:4] for path in (root / "docs/decisions").glob("[0-9]*.md"))
    (there / _RECORDS).write_text("\n".join([date, *records]) + "\n")
    changelog = root / "CHANGELOG.md"
    changelog.write_text(changelog_of(root))
    project.write_text(text[: found.start(1)] + version + text[found.end(1) :])
    return [there, changelog, project]


def changelog_of(root: Path) -> str:
    """The whole text, the newest version first."""
    releases = sorted(_releases(root), key=lambda one: one.order)
    parts = []
    known: frozenset[str] = frozenset()
    for one in releases:
        parts.append("\n".join(_section(root, one, known)))
        known |= one.records
    return "\n".join([_HEAD, *reversed(parts)])


def _check(root: Path, version: str, current: str) -> None:
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"VERSION={version} is not three numbers, as 0.2.0 is.")
    released = [one.version for one in _releases(root)]
    # What pyproject.toml says before the first release was never released.
    if version in released or (released and _numbers(version) <= max(map(_numbers, released))):
        raise ReleaseError(f"VERSION={version} is not newer than {max(released, key=_numbers)}, which is released.")
    if _numbers(version) < _numbers(current):
        raise ReleaseError(f"VERSION={version} is older than {current} in pyproject.toml.")
    if not any((root / "changelog/next").glob("*.md")):
        raise ReleaseError("changelog/next has no fragment: users would notice nothing of this version.")


def _releases(root: Path) -> Iterator[Release]:
    for path in (root / "changelog").glob(f"*/{_RECORDS}"):
        date, *records = path.read_text().split()
        yield Release(version=path.parent.name, date=date, records=frozenset(records))


def _section(root: Path, one: Release, known: frozenset[str]) -> Iterator[str]:
    yield f"## {one.version} ({one.date})\n"
    notes = [*_upgrading(root, one.records - known)]
    if notes:
        yield "### Before you upgrade\n"
        yield "Choices of this version that cannot be taken back without replacing what runs:\n"
        yield from notes
    for kind, title in _KINDS.items():
        fragments = sorted((root / "changelog" / one.version).glob(f"{kind}-*.md"))
        if fragments:
            yield f"### {title}\n"
            yield from (_item(path.read_text()) for path in fragments)
            yield ""


def _upgrading(root: Path, records: frozenset[str]) -> Iterator[str]:
    for number in sorted(records):
        for path in sorted((root / "docs/decisions").glob(f"{number}-*.md")):
            text = path.read_text()
            doors = [found[found.lastgroup or 0].strip() for found in _DOORS.finditer(text)]
            said = "\n\n".join(door[:1].upper() + door[1:] for door in doors if not door.startswith("None"))
            said = _LINK.sub(partial(_from_the_root, path, root), said)
            if said:
                title = text.partition("\n")[0].removeprefix("# ")
                yield f"**[{title}](docs/decisions/{path.name})**\n\n{said}\n"


def _from_the_root(page: Path, root: Path, link: re.Match[str]) -> str:
    """A link of a record, for a page at the root."""
    return f"]({os.path.relpath(os.path.normpath(page.parent / link[1]), root)})"


def _item(text: str) -> str:
    return "- " + "\n  ".join(text.strip().splitlines())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def main(arguments: Sequence[str]) -> int:
    """0; 1 with one sentence."""
    if not arguments or not arguments[0]:
        print("release: write `make release VERSION=0.2.0`.", file=sys.stderr)
        return 1
    version = arguments[0]
    date = arguments[1] if len(arguments) > 1 else datetime.datetime.now(datetime.UTC).date().isoformat()
    try:
        written = release(REPOSITORY, version, date)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(f"release: wrote {path.relative_to(REPOSITORY)}")
    print(f"release: read CHANGELOG.md, then `git add -A && git commit -m 'release: {version}' && git tag v{version}`")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
