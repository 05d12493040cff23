"""Shared volumes: files that several replicas and applications have in common."""

from components.shared_volume.component import SharedVolume
from components.shared_volume.settings import SharedVolumeSettings

__all__ = ["SharedVolume", "SharedVolumeSettings"]
