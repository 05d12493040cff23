"""Directories that a task may write to or read from the host."""

import pulumi_docker as docker

from model import HostPath, Scratch, Volume
from platforms.mounts import normal
from platforms.swarm.expansion import literal

VOLUME_SIZE_LABEL = "ha-platform.volume-size"
"""On the member's service: Docker's local volumes have no size, so it is noted and not enforced."""

DATA_LABEL = "ha-platform.data"
"""On the member's service: whether the volume is kept when the stack is removed."""


def member_mount(word: Volume, *, source: str, labels: dict[str, str]) -> docker.ServiceTaskSpecContainerSpecMountArgs:
    """The member's volume: created on its host by the first task, with owner and content of the image's directory."""
    return docker.ServiceTaskSpecContainerSpecMountArgs(
        type="volume",
        source=source,
        target=literal(normal(word.path)),
        volume_options=docker.ServiceTaskSpecContainerSpecMountVolumeOptionsArgs(
            no_copy=False,
            labels=[
                docker.ServiceTaskSpecContainerSpecMountVolumeOptionsLabelArgs(label=label, value=value)
                for label, value in sorted(labels.items())
            ],
        ),
    )


def scratch_mount(word: Scratch) -> docker.ServiceTaskSpecContainerSpecMountArgs:
    """Memory, counted against the task's memory limit; writable by every user.

    The sticky bit comes by itself (seen in containers). Asked for, the daemon would leave it out of its answer, and a
    refresh would find every service changed.
    """
    return docker.ServiceTaskSpecContainerSpecMountArgs(
        type="tmpfs",
        target=literal(normal(word.path)),
        tmpfs_options=docker.ServiceTaskSpecContainerSpecMountTmpfsOptionsArgs(size_bytes=word.size_bytes, mode=0o777),
    )


def host_mount(word: HostPath) -> docker.ServiceTaskSpecContainerSpecMountArgs:
    """A directory of the host, read-only."""
    return docker.ServiceTaskSpecContainerSpecMountArgs(
        type="bind", source=literal(word.host_path), target=literal(normal(word.mount_path)), read_only=True
    )
