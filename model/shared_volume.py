"""A volume that several replicas and words mount at the same time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from model.origin import Origin


@dataclass(frozen=True, kw_only=True)
class SharedVolume:
    """A place for files that containers on different hosts read and write together. It is kept under the stack's `data`
    policy.

    What can do that has a name where the stack runs: a `storage_class` of a cluster, or a volume `driver` of every
    Docker host with its `options`. `size_bytes` is requested where sizes exist.
    """

    name: str
    origin: Origin
    size_bytes: int
    storage_class: str | None = None
    driver: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SharedVolumeRef:
    """A shared volume as containers mount it. `place` says where its data is: two of one place have the same data."""

    name: str
    object_name: str
    place: str
    driver: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SharedMount:
    """A shared volume at the absolute `path` of a container.

    A path that showed the data of another volume before fails the update, unless `instead_of` is that volume's name.
    """

    path: str
    source: SharedVolumeRef
    read_only: bool = False
    instead_of: str | None = None
