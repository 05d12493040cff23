"""A member's volume as a file system of its own, which can be full without the machine's being so."""

import shutil
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.host import Host


def put(host: Host, data: Path, size_bytes: int) -> None:
    """Moves what is in `data`, a directory of the host, onto such a file system, mounted there. Nobody may use it."""
    image, place = _image(host, data), data.with_name(f"{data.name}.small")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    commands.run("mkfs.ext4", "-q", "-m", "0", str(image))
    place.mkdir()
    host.run("mount", "-o", "loop", str(image), str(place))
    host.run("cp", "-a", f"{data}/.", str(place))
    owner = data.stat()
    host.run("chown", f"{owner.st_uid}:{owner.st_gid}", str(place))
    host.run("chmod", f"{owner.st_mode & 0o7777:o}", str(place))
    # Not moved: below a shared mount that is refused.
    host.run("umount", str(place))
    host.run("mount", "-o", "loop", str(image), str(data))
    place.rmdir()


def take_back(host: Host, data: Path) -> None:
    """Moves all of it back. Nobody may use it."""
    beside = data.with_name(f"{data.name}.back")
    host.run("cp", "-a", str(data), str(beside))
    host.run("umount", str(data))
    shutil.rmtree(data)
    beside.rename(data)
    _image(host, data).unlink()


def _image(host: Host, data: Path) -> Path:
    return host.directory / f"{data.parent.name}-{data.name}.img"
