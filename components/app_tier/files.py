"""Configuration files of an application: path in its container -> text, which stands in the stack file or beside it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Discriminator, StringConstraints, Tag

from settings.base import Settings
from settings.references import process_text
from settings.types import AbsolutePath

LARGEST_FILE = 500_000
"""Bytes. Docker documents 500 kB for a config (its newer versions take more), Kubernetes 1 MiB for a ConfigMap."""
LARGEST_INLINE = 96 * 1024
"""Bytes of all texts in one stack file. Pulumi hands the whole configuration over in one variable, of which the kernel
takes 128 KiB; some are left for the rest."""

_OF_THE_RUNTIME = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
_TAKEN = ("/proc", "/sys", "/dev", "/tmp", "/run/secrets", "/run/secret-env")
_DIRECTORIES = frozenset(
    f"/{name}"
    for name in ("bin", "boot", "etc", "home", "lib", "lib64", "mnt", "opt", "root", "run", "sbin", "srv", "usr", "var")
)


def _file_path(path: str) -> str:
    """A file can be mounted there: the path is nothing that the system or the platform has for itself."""
    if {".", ".."} & set(path.split("/")):
        raise ValueError("is not written in full, without `.` and `..`")
    if taken := next((one for one in _TAKEN if path == one or path.startswith(f"{one}/")), None):
        raise ValueError(f"is in {taken}, which the platform mounts itself; choose another directory")
    if path in _OF_THE_RUNTIME:
        raise ValueError("is written by the platform in every container")
    if path in _DIRECTORIES:
        raise ValueError("is a directory of every image; name the file in it")
    return path


def _text(text: str) -> str:
    """A text that both platforms keep as it is, and have room for."""
    size = len(process_text(text).encode())
    if size > LARGEST_FILE:
        raise ValueError(f"has {size} bytes, and a configuration file has at most {LARGEST_FILE}")
    return text


def _readable(name: str) -> str:
    """A file below the directory of the program whose text can be mounted."""
    root = Path.cwd().resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ValueError("leads out of the directory of Pulumi.yaml; copy the file into it")
    if not path.is_file():
        raise ValueError("there is no such file; paths are from the directory of Pulumi.yaml")
    try:
        _text(path.read_bytes().decode())
    except UnicodeDecodeError:
        raise ValueError("is not a text in UTF-8") from None
    return name


FilePath = Annotated[AbsolutePath, AfterValidator(_file_path)]
"""Where a file can be mounted."""


class TextOfFile(Settings):
    """A text that stands in a file of its own."""

    file: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._/ -]*$", max_length=400), AfterValidator(_readable)
    ]
    """Path from the directory of Pulumi.yaml, and below it."""

    def text(self) -> str:
        """What is in it, with the line ends that it has."""
        return (Path.cwd() / self.file).read_bytes().decode()


def _kind(value: object) -> str | None:
    return "text" if isinstance(value, str) else "file" if isinstance(value, (dict, TextOfFile)) else None


Files = dict[
    FilePath,
    Annotated[
        Annotated[str, StringConstraints(max_length=LARGEST_FILE), AfterValidator(_text), Tag("text")]
        | Annotated[TextOfFile, Tag("file")],
        Discriminator(
            _kind, custom_error_type="text_or_file", custom_error_message="is a text, or `file` with the path of one"
        ),
    ],
]
"""Path in the container -> its text."""


def texts(files: Mapping[str, str | TextOfFile]) -> dict[str, str]:
    """The files' texts, by path."""
    return {path: given if isinstance(given, str) else given.text() for path, given in files.items()}


def inline_bytes(files: Mapping[str, str | TextOfFile]) -> int:
    """What the texts in the stack file take on their way: as JSON inside JSON."""
    return sum(len(json.dumps(json.dumps(given))) for given in files.values() if isinstance(given, str))


def clashes(files: Mapping[str, object], directories: Mapping[str, str]) -> Iterator[str]:
    """Files that cannot be mounted beside each other, or beside `directories` (path -> the key that mounts it)."""
    for path in files:
        for other in files:
            if path.startswith(f"{other}/"):
                yield f"`files`: {other} is a file, and {path} needs it to be a directory"
        for directory, key in directories.items():
            if directory == path or directory.startswith(f"{path}/"):
                yield f"`files` and `{key}` both mount {path}"
            elif path.startswith(f"{directory}/"):
                yield f"`files`: {path} is in {directory}, which `{key}` mounts; choose another directory"
