"""What an image is made of: one TOML file each, and the content hash that is its tag."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from sandbox.hosts.errors import HostError

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPES = Path(__file__).with_name("recipes")
BUILDER = "1"
"""Part of every hash: raised when the builder makes other images of the same recipes."""
_SAID_ONLY = {"hashed": False}
"""What only the pin says: the image is the same without it."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image. The process runs as `uid`:`gid`, pinned here because package order would decide them otherwise."""

    name: str
    parent: str | None = "base"
    """The image below; a recipe with content of its own stands on `base`."""
    suite: str = ""
    """The release of Debian, by its codename. Of the base; above it, for packages of which its release has too old a
    major version."""
    debian: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    """PyPI requirements, installed by the image's own Python."""
    python_file: str | None = None
    """A requirements file of this repository."""
    user: str
    uid: int
    gid: int
    owned: tuple[str, ...] = ()
    """Directories that the user owns; a new volume mounted there copies owner and mode."""
    data_dir: str | None = None
    bin_dir: str | None = None
    http_probe: str = "curl"
    major: int | None = field(default=None, metadata=_SAID_ONLY)
    """A database server's major version."""
    extensions: tuple[str, ...] = field(default=(), metadata=_SAID_ONLY)
    """Those that a database server can create."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    stop_signal: str = "SIGTERM"
    copy: dict[str, str] = field(default_factory=dict)
    """Directories of this repository, and where they go, in place of what packages have there."""
    files: dict[str, str] = field(default_factory=dict)
    """Files with their text, written before the packages are installed."""
    links: dict[str, str] = field(default_factory=dict)
    """Symbolic links and their targets."""
    remove: tuple[str, ...] = ()
    """Absolute shell patterns of files that are not wanted."""

    @property
    def has_content(self) -> bool:
        """Whether it adds a layer to its parent's."""
        return bool(self.parent is None or self.debian or self.python or self.python_file or self.copy)


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe, by name."""
    return {path.stem: _read(path) for path in sorted(RECIPES.glob("*.toml"))}


def recipe(name: str) -> Recipe:
    """The recipe called `name`; HostError when there is none."""
    if name not in recipes():
        raise HostError(f"image '{name}' has no recipe; use one of {', '.join(recipes())}")
    return recipes()[name]


def tag(name: str) -> str:
    """The first 12 hex digits of the hash of the recipe, of every file it copies, and of its parent's tag."""
    return content_hash(recipe(name))[:12]


def content_hash(image: Recipe) -> str:
    """The whole hash; it follows the recipe, not the versions that the package archives hold today."""
    parts: list[object] = [BUILDER, _decisive(image)]
    if image.parent:
        parts.append(tag(image.parent))
    if image.python_file:
        parts.append((REPOSITORY / image.python_file).read_text())
    for source in image.copy:
        for path in sorted(copied_files(REPOSITORY / source)):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            parts.append([path.relative_to(REPOSITORY).as_posix(), path.stat().st_mode & 0o111 != 0, digest])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _decisive(image: Recipe) -> dict[str, object]:
    hashed = (part.name for part in fields(image) if part.metadata.get("hashed", True))
    return {name: getattr(image, name) for name in hashed}


def copied_files(directory: Path) -> Iterator[Path]:
    """The files of a directory that belong into an image."""
    return (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _read(path: Path) -> Recipe:
    values = tomllib.loads(path.read_text())
    if path.stem == "base":
        values["parent"] = None
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    try:
        read = Recipe(name=path.stem, **{**values, **lists})
    except TypeError as error:
        raise HostError(f"{path.relative_to(REPOSITORY)}: {str(error).partition('() ')[2]}") from None
    if read.has_content and read.parent not in (None, "base"):
        raise HostError(f"{path.relative_to(REPOSITORY)}: content needs `parent = \"base\"`, got '{read.parent}'")
    return read
