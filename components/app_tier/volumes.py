"""A volume for each replica of an application: then its replicas are members with names and places of their own."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from model import Volume
from model.units import GIB, MIB
from settings.types import MemoryBytes, WritableDirectory

if TYPE_CHECKING:
    from components.app_tier.settings import AppTierSettings

Volumes = dict[WritableDirectory, Annotated[MemoryBytes, Field(ge=64 * MIB, le=64 * 1024 * GIB)]]
"""Directory -> size."""

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
