"""SharedVolume: files that several replicas and applications have in common."""

import pulumi

from components.component import Component
from components.scope import Scope
from components.shared_volume.settings import SharedVolumeSettings
from model import Origin, SharedVolumeRef
from model import SharedVolume as Word
from platforms.base import Platform


class SharedVolume(Component):
    """One shared volume. Outputs: `volume`, which containers mount."""

    volume: SharedVolumeRef

    def __init__(
        self,
        name: str,
        settings: SharedVolumeSettings,
        *,
        platform: Platform,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:SharedVolume", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="volumes", name=name), parent=self.place)
        self.volume = scope.shared_volume(
            Word(
                name=name,
                origin=scope.origin,
                size_bytes=settings.size,
                storage_class=settings.storage_class,
                driver=settings.driver,
                options=settings.options,
            )
        )
        self.register_outputs({"volume": self.volume.object_name})
