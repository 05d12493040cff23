"""Everything that is mounted into a container: files, scratch, a member's volume, directories of the host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pulumi
from pulumi_kubernetes.core import v1 as core

from model import ConfigRef, Container, File, HostPath, Scratch, SecretRef, Volume
from platforms.kubernetes.cluster import Refuse
from platforms.kubernetes.names import CLAIM
from platforms.kubernetes.resources import memory
from platforms.launcher import secret_path

SECRET_MODE = 0o440
CONFIG_MODE = 0o444
IN_MEMORY_BYTES = 16 * 1024 * 1024
"""Scratch up to this size is kept in memory. It counts against the container's memory limit, so larger is on disk."""

ObjectName = Callable[[SecretRef | ConfigRef], pulumi.Input[str]]


@dataclass
class Mounts:
    """Volumes of the pod and mounts of its container. A path that cannot be mounted is refused."""

    origin: str
    refuse: Refuse
    object_name: ObjectName
    volumes: list[core.VolumeArgs] = field(default_factory=list)
    mounts: list[core.VolumeMountArgs] = field(default_factory=list)
    _read_only: dict[str, str] = field(default_factory=dict)
    _writable: dict[str, str] = field(default_factory=dict)

    def files(self, files: Sequence[File]) -> None:
        """One projected volume for each directory; directories inside another one's belong to it."""
        by_path: dict[str, File] = {}
        for file in files:
            if not file.path.startswith("/") or PurePosixPath(file.path).parent == PurePosixPath("/"):
                self._refuse("files", file.path, "a file has an absolute path below a directory other than /")
            elif file.path in by_path:
                self._refuse("files", file.path, "two files have this path; give each its own")
            else:
                by_path[file.path] = file
        directories = {PurePosixPath(path).parent for path in by_path}
        for directory in sorted(d for d in directories if not directories.intersection(d.parents)):
            inside = [file for path, file in by_path.items() if PurePosixPath(path).is_relative_to(directory)]
            sources = [self._projection(file, directory) for file in inside]
            volume = core.ProjectedVolumeSourceArgs(sources=sources)
            if self._mount("files", str(directory), read_only=True, name=f"files-{len(self.volumes)}"):
                self.volumes.append(core.VolumeArgs(name=f"files-{len(self.volumes)}", projected=volume))

    def scratch(self, scratch: Sequence[Scratch]) -> None:
        """Empty directories, bounded in size."""
        for directory in scratch:
            name = f"scratch-{len(self.volumes)}"
            if self._mount("scratch", directory.path, read_only=False, name=name):
                medium = "Memory" if directory.size_bytes <= IN_MEMORY_BYTES else None
                empty = core.EmptyDirVolumeSourceArgs(medium=medium, size_limit=memory(directory.size_bytes))
                self.volumes.append(core.VolumeArgs(name=name, empty_dir=empty))

    def claim(self, volume: Volume) -> None:
        """The member's own volume."""
        self._mount("volume", volume.path, read_only=False, name=CLAIM)

    def host_paths(self, paths: Sequence[HostPath]) -> None:
        """Directories of the host, read-only, with what the host mounts below them later."""
        for path in paths:
            name = f"host-{len(self.volumes)}"
            if self._mount("host_paths", path.mount_path, read_only=True, name=name, propagation="HostToContainer"):
                host = core.HostPathVolumeSourceArgs(path=path.host_path, type="Directory")
                self.volumes.append(core.VolumeArgs(name=name, host_path=host))

    def _projection(self, file: File, directory: PurePosixPath) -> core.VolumeProjectionArgs:
        source = file.source
        path = str(PurePosixPath(file.path).relative_to(directory))
        name = self.object_name(source)
        if isinstance(source, SecretRef):
            item = core.KeyToPathArgs(key=source.name, path=path, mode=SECRET_MODE)
            return core.VolumeProjectionArgs(secret=core.SecretProjectionArgs(name=name, items=[item]))
        item = core.KeyToPathArgs(key=source.name, path=path, mode=CONFIG_MODE)
        return core.VolumeProjectionArgs(config_map=core.ConfigMapProjectionArgs(name=name, items=[item]))

    def _mount(self, kind: str, path: str, *, read_only: bool, name: str, propagation: str | None = None) -> bool:
        if reason := self._obstacle(kind, path, read_only=read_only):
            self._refuse(kind, path, reason)
            return False
        (self._read_only if read_only else self._writable)[path] = kind
        self.mounts.append(
            core.VolumeMountArgs(name=name, mount_path=path, read_only=read_only or None, mount_propagation=propagation)
        )
        return True

    def _obstacle(self, kind: str, path: str, *, read_only: bool) -> str | None:
        if not path.startswith("/") or path == "/" or ":" in path:
            return "a mount has an absolute path without `:` that is not /"
        if owner := (self._read_only | self._writable).get(path):
            return f"{owner} is mounted at the same path; choose another"
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        for above, owner in self._read_only.items():
            if above in parents and not owner == kind == "host_paths":
                return f"{owner} is mounted read-only at {above}, and nothing can be mounted inside it; move one"
        for below in self._read_only | self._writable:
            if read_only and path in map(str, PurePosixPath(below).parents) and kind != "host_paths":
                return f"it is read-only, and {below} would have to be mounted inside it; move one"
        return None

    def _refuse(self, kind: str, path: str, reason: str) -> None:
        word_field = kind if kind in ("volume", "host_paths") else f"container.{kind}"
        self.refuse(self.origin, word_field, path, reason)


def container_mounts(
    container: Container,
    *,
    origin: str,
    refuse: Refuse,
    object_name: ObjectName,
    claim: Volume | None = None,
    host_paths: Sequence[HostPath] = (),
) -> Mounts:
    """All mounts of `container`. `/tmp` is always writable, whether or not the root is."""
    mounts = Mounts(origin=origin, refuse=refuse, object_name=object_name)
    launched = [File(path=secret_path(name), source=source) for name, source in container.secret_env.items()]
    mounts.host_paths(host_paths)
    if claim:
        mounts.claim(claim)
    mounts.files([*container.files, *launched])
    scratch = list(container.scratch)
    taken = {mount.mount_path for mount in mounts.mounts} | {directory.path for directory in scratch}
    if "/tmp" not in taken:
        scratch.append(Scratch(path="/tmp"))
    mounts.scratch(scratch)
    return mounts
