"""Shared volumes as a kind of component."""

from components.kind import Build, Built, Gives, Kind
from components.shared_volume.component import SharedVolume
from components.shared_volume.rules import RULES
from components.shared_volume.settings import SharedVolumeSettings


def _build(build: Build[SharedVolumeSettings]) -> Built:
    shared = SharedVolume(build.name, build.settings, platform=build.platform, origin=build.origin)
    return Built(volume=shared.volume)


VOLUMES = Kind(
    key="volumes",
    build=_build,
    gives=frozenset({Gives.VOLUME}),
    keeps=lambda _: ("",),
    rules=RULES,
    keys={
        "": {
            "name": "",
            "size_bytes": "size",
            "storage_class": "storage_class",
            "driver": "driver",
            "options": "options",
        }
    },
)
