"""Everything that is mounted into a container: files, scratch, a member's volume, directories of the host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pulumi
from pulumi_kubernetes.core import v1 as core

from model import ConfigRef, Container, File, HostPath, Scratch, SecretRef, SharedMount, Volume
from model.units import MIB
from platforms.kubernetes.names import CLAIM
from platforms.kubernetes.resources import memory
from platforms.mounts import SHM, all_files, all_scratch, file_directories, normal

SECRET_MODE = 0o440
CONFIG_MODE = 0o444
IN_MEMORY_BYTES = 16 * MIB
"""Scratch up to this size is kept in memory. It counts against the container's memory limit, so larger is on disk."""

ObjectName = Callable[[SecretRef | ConfigRef], pulumi.Input[str]]


@dataclass
class Mounts:
    """Volumes of the pod and mounts of its container."""

    object_name: ObjectName
    volumes: list[core.VolumeArgs] = field(default_factory=list)
    mounts: list[core.VolumeMountArgs] = field(default_factory=list)
    disk_bytes: int = 0
    """Most that all scratch on the node's disk holds."""

    def files(self, files: Sequence[File]) -> None:
        """One projected volume for each directory; directories inside another one's belong to it. A file that is alone
        has one of its own, mounted at the file's path."""
        together = [file for file in files if not file.alone]
        for directory in file_directories(together):
            inside = [file for file in together if PurePosixPath(normal(file.path)).is_relative_to(directory)]
            sources = [self._projection(file, directory) for file in inside]
            name = f"files-{len(self.volumes)}"
            self._mount(str(directory), read_only=True, name=name)
            self.volumes.append(core.VolumeArgs(name=name, projected=core.ProjectedVolumeSourceArgs(sources=sources)))
        for file in files:
            if file.alone:
                self._alone(file)

    def _alone(self, file: File) -> None:
        path = PurePosixPath(normal(file.path))
        name = f"file-{len(self.volumes)}"
        self._mount(str(path), read_only=True, name=name, sub_path=path.name)
        sources = [self._projection(file, path.parent)]
        self.volumes.append(core.VolumeArgs(name=name, projected=core.ProjectedVolumeSourceArgs(sources=sources)))

    def scratch(self, scratch: Sequence[Scratch]) -> None:
        """Empty directories, bounded in size."""
        for directory in scratch:
            name = f"scratch-{len(self.volumes)}"
            self._mount(directory.path, name=name)
            in_memory = directory.path == SHM or directory.size_bytes <= IN_MEMORY_BYTES
            medium = "Memory" if in_memory else None
            self.disk_bytes += 0 if in_memory else directory.size_bytes
            empty = core.EmptyDirVolumeSourceArgs(medium=medium, size_limit=memory(directory.size_bytes))
            self.volumes.append(core.VolumeArgs(name=name, empty_dir=empty))

    def claim(self, volume: Volume) -> None:
        """The member's own volume."""
        self._mount(volume.path, name=CLAIM)

    def shared(self, mounts: Sequence[SharedMount]) -> None:
        """Shared volumes: one volume of the pod for each, wherever and however often it is mounted."""
        for mount in mounts:
            self._mount(mount.path, name=mount.source.object_name, read_only=mount.read_only)
        for name in dict.fromkeys(mount.source.object_name for mount in mounts):
            claim = core.PersistentVolumeClaimVolumeSourceArgs(claim_name=name)
            self.volumes.append(core.VolumeArgs(name=name, persistent_volume_claim=claim))

    def host_paths(self, paths: Sequence[HostPath]) -> None:
        """Directories of the host, read-only, with what the host mounts below them later."""
        for path in paths:
            name = f"host-{len(self.volumes)}"
            self._mount(path.mount_path, read_only=True, name=name, propagation="HostToContainer")
            host = core.HostPathVolumeSourceArgs(path=path.host_path, type="Directory")
            self.volumes.append(core.VolumeArgs(name=name, host_path=host))

    def _projection(self, file: File, directory: PurePosixPath) -> core.VolumeProjectionArgs:
        source = file.source
        path = str(PurePosixPath(normal(file.path)).relative_to(directory))
        name = self.object_name(source)
        if isinstance(source, SecretRef):
            item = core.KeyToPathArgs(key=source.name, path=path, mode=SECRET_MODE)
            return core.VolumeProjectionArgs(secret=core.SecretProjectionArgs(name=name, items=[item]))
        item = core.KeyToPathArgs(key=source.name, path=path, mode=CONFIG_MODE)
        return core.VolumeProjectionArgs(config_map=core.ConfigMapProjectionArgs(name=name, items=[item]))

    def _mount(
        self,
        path: str,
        *,
        name: str,
        read_only: bool = False,
        propagation: str | None = None,
        sub_path: str | None = None,
    ) -> None:
        self.mounts.append(
            core.VolumeMountArgs(
                name=name,
                mount_path=normal(path),
                read_only=read_only or None,
                mount_propagation=propagation,
                sub_path=sub_path,
            )
        )


def container_mounts(
    container: Container,
    *,
    object_name: ObjectName,
    claim: Volume | None = None,
    host_paths: Sequence[HostPath] = (),
) -> Mounts:
    """All mounts of `container`. `/tmp` is always writable, whether or not the root is."""
    mounts = Mounts(object_name=object_name)
    mounts.host_paths(host_paths)
    if claim:
        mounts.claim(claim)
    mounts.shared(container.shared)
    mounts.files(all_files(container))
    mounts.scratch(all_scratch(container))
    return mounts
