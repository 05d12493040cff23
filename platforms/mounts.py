"""Where files, scratch, volumes and directories of the host are mounted, and which paths no platform can honour.

Paths are compared as what they become: `/a//b/` is `/a/b`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from model import Container, File, HostPath, Scratch, Volume
from platforms.base import Refused
from platforms.launcher import secret_path

TMP = "/tmp"
SHM = "/dev/shm"
_KERNEL = tuple(map(PurePosixPath, ("/proc", "/sys", "/dev")))
_SYSTEM = frozenset(
    map(
        PurePosixPath,
        ("/", "/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/lib"),
    )
)
_REFUSED_CHARACTERS = frozenset(":\0")


@dataclass(frozen=True, kw_only=True)
class _Mount:
    field: str
    path: PurePosixPath
    given: str
    read_only: bool


def normal(path: str) -> str:
    """The absolute path that a mount at `path` becomes: without `.`, doubled or trailing `/`."""
    return str(_pure(path))


def all_files(container: Container) -> tuple[File, ...]:
    """The container's files, and those that the launcher reads."""
    launched = (File(path=secret_path(name), source=source) for name, source in container.secret_env.items())
    return (*container.files, *launched)


def all_scratch(container: Container) -> tuple[Scratch, ...]:
    """The container's writable directories, its /dev/shm, and /tmp, which always is one."""
    given = {normal(directory.path) for directory in container.scratch}
    tmp = () if TMP in given else (Scratch(path=TMP),)
    shm = () if container.shm_bytes is None else (Scratch(path=SHM, size_bytes=container.shm_bytes),)
    return (*container.scratch, *tmp, *shm)


def file_directories(files: Sequence[File]) -> tuple[PurePosixPath, ...]:
    """The directories that hold `files`, without those inside another one of them: their files belong to that one.
    A file that is alone has none."""
    directories = {_pure(file.path).parent for file in files if not file.alone}
    return tuple(sorted(one for one in directories if not directories.intersection(one.parents)))


def refusals(
    container: Container, *, volume: Volume | None = None, host_paths: Sequence[HostPath] = ()
) -> Iterator[Refused]:
    """Paths that cannot be mounted, or not beside the others.

    All files of a directory are one read-only mount of it, so nothing else can be mounted there or inside. A file that
    is alone is a mount of its own.
    """
    files = all_files(container)
    yield from _file_refusals(files)
    if container.shm_bytes is not None and container.shm_bytes >= container.resources.memory_limit_bytes:
        yield Refused(
            "container.shm_bytes",
            container.shm_bytes,
            f"counts against the memory limit ({container.resources.memory_limit_bytes} bytes); set less, or raise it",
        )
    mounts = [
        *(_mount("host_paths", path.mount_path, read_only=True) for path in host_paths),
        *([_mount("volume.path", volume.path)] if volume else []),
        *(_mount("container.shared", mount.path, read_only=mount.read_only) for mount in container.shared),
        *_file_mounts(files),
        *(_mount("container.scratch", directory.path) for directory in all_scratch(replace(container, shm_bytes=None))),
    ]
    placed: list[_Mount] = []
    for mount in mounts:
        if reason := _unfit(mount) or _obstacle(mount, placed):
            yield Refused(mount.field, mount.given, reason)
        else:
            placed.append(mount)


def _file_mounts(files: Sequence[File]) -> Iterator[_Mount]:
    """One for each directory, named by the first file in it, and one for each file that is alone."""
    for directory in file_directories(files):
        first = next(file.path for file in files if _pure(file.path).parent == directory and not file.alone)
        yield _Mount(field="container.files", path=directory, given=first, read_only=True)
    yield from (_mount("container.files", file.path, read_only=True) for file in files if file.alone)


def _file_refusals(files: Sequence[File]) -> Iterator[Refused]:
    seen: set[str] = set()
    for file in files:
        if file.path.endswith(("/", "/.", "/..")):
            yield Refused("container.files", file.path, "a file has a name; write the path of the file")
        elif (path := normal(file.path)) in seen:
            yield Refused("container.files", file.path, "two files have this path; give each its own")
        else:
            seen.add(path)
    for file in files:
        if any(str(parent) in seen for parent in _pure(file.path).parents):
            yield Refused("container.files", file.path, "another file has the path of its directory; move one")


def _unfit(mount: _Mount) -> str | None:
    """Why nothing can be mounted there at all."""
    if not mount.given.startswith("/") or _REFUSED_CHARACTERS & set(mount.given):
        return "is not an absolute path without `:`"
    if ".." in mount.path.parts:
        return "contains `..`; write the path without it"
    if mount.path in _SYSTEM:
        return "the system's own directory would be hidden; choose a directory below it"
    if kernel := next((path for path in _KERNEL if mount.path.is_relative_to(path)), None):
        return f"{kernel} belongs to the kernel; choose a directory elsewhere (`shm` is the size of {SHM})"
    if mount.path == PurePosixPath(TMP) and mount.field != "container.scratch":
        return "/tmp is writable and empty at every start; choose another directory"
    return None


def _obstacle(mount: _Mount, placed: Sequence[_Mount]) -> str | None:
    """Why it cannot be mounted beside the others."""
    for other in placed:
        if mount.path == other.path:
            return f"{_named(other)} is mounted at the same path; choose another"
        if mount.field == other.field == "host_paths":
            continue
        if other.read_only and mount.path.is_relative_to(other.path):
            return f"{_named(other)} is mounted read-only at {other.path}, and nothing can be mounted inside; move one"
        if mount.read_only and mount.field != "host_paths" and other.path.is_relative_to(mount.path):
            return f"it is read-only, and {_named(other)} cannot be mounted inside it, at {other.path}; move one"
    return None


def _named(mount: _Mount) -> str:
    return f"`{mount.field.removeprefix('container.')}`"


def _mount(field: str, path: str, *, read_only: bool = False) -> _Mount:
    return _Mount(field=field, path=_pure(path), given=path, read_only=read_only)


def _pure(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    return PurePosixPath("/", *pure.parts[1:]) if pure.is_absolute() else pure  # `//a` is a path of its own to POSIX
