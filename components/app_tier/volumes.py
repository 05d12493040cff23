"""Volumes of an application: one for each replica, which then is a member with a name and place of its own, and shared
ones."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from model import SharedMount, SharedVolumeRef, Volume
from model.units import GIB, MIB
from settings.base import Settings
from settings.types import MemoryBytes, Name, WritableDirectory

if TYPE_CHECKING:
    from components.app_tier.settings import AppTierSettings

Volumes = dict[WritableDirectory, Annotated[MemoryBytes, Field(ge=64 * MIB, le=64 * 1024 * GIB)]]
"""Directory -> size."""


class SharedVolumeUse(Settings):
    """A shared volume at a directory."""

    volume: Name
    """Its name in `volumes`."""
    read_only: bool = False
    """The application cannot write to it."""
    instead_of: Name | None = None
    """The name of the shared volume that was mounted here before. Its data stays where it is; without this key such a
    change is refused."""

    @model_validator(mode="after")
    def _another(self) -> "SharedVolumeUse":
        if self.instead_of == self.volume:
            raise ValueError("`instead_of` is the volume itself: a new place has a new name in `volumes`")
        return self


def _name_or_more(value: object) -> str | None:
    return "name" if isinstance(value, str) else "use" if isinstance(value, (dict, SharedVolumeUse)) else None


SharedVolumes = dict[
    WritableDirectory,
    Annotated[
        Annotated[Name, Tag("name")] | Annotated[SharedVolumeUse, Tag("use")],
        Discriminator(
            _name_or_more,
            custom_error_type="name_or_use",
            custom_error_message="is the name of a shared volume, or `volume` with it",
        ),
    ],
]
"""Directory -> shared volume."""


def shared_uses(given: Mapping[str, str | SharedVolumeUse]) -> dict[str, SharedVolumeUse]:
    """The uses by directory; a name alone is written in full."""
    return {path: SharedVolumeUse(volume=one) if isinstance(one, str) else one for path, one in given.items()}


def shared_mounts(
    given: Mapping[str, str | SharedVolumeUse], volumes: Mapping[str, SharedVolumeRef]
) -> tuple[SharedMount, ...]:
    """The same as words."""
    return tuple(
        SharedMount(path=path, source=volumes[use.volume], read_only=use.read_only, instead_of=use.instead_of)
        for path, use in shared_uses(given).items()
    )


def written(given: Mapping[str, str | SharedVolumeUse]) -> dict[str, str]:
    """Key of the application -> shared volume to which it may write."""
    uses = shared_uses(given).items()
    return {f"shared_volumes.{path}": use.volume for path, use in uses if not use.read_only}


_FOR_REPLICAS_ALIKE = {
    "scaling": "each volume belongs to one replica; set `replicas`",
    "rollout": "replicas with volumes are replaced one after the other, each stopped before its successor starts",
    "spread": "each replica with a volume has a host of its own where there are enough",
    "prefer_spot": "a volume does not leave a host that goes",
}
"""Keys that replicas with volumes do not have, and why."""


def volume(volumes: Mapping[str, int]) -> Volume | None:
    """The volume of each replica, if they have one."""
    return next((Volume(path=path, size_bytes=size) for path, size in volumes.items()), None)


def problems(settings: "AppTierSettings") -> Iterator[str]:
    """What does not go with volumes, or not without one."""
    if len(settings.volumes) > 1:
        yield f"`volumes` names {', '.join(settings.volumes)}: a replica has one volume; put its directories into one"
    if settings.volumes:
        for key, reason in _FOR_REPLICAS_ALIKE.items():
            if key in settings.model_fields_set:
                yield f"`{key}` does not go with `volumes`: {reason}"
    else:
        for key in ("hosts", "abandon_data_on"):
            if getattr(settings, key):
                yield f"`{key}` is for replicas with `volumes`; `placement.labels` places others"
    if settings.hosts and len(settings.hosts) != settings.count:
        yield f"`hosts` names {len(settings.hosts)} hosts for {settings.count} `replicas`; name one for each"
