"""Devices as extended resources, which the plugins of a cluster offer."""

from collections.abc import Iterator, Mapping

from model import Container
from platforms.base import Refused
from platforms.kubernetes.settings import KubernetesSettings


def refusals(container: Container, settings: KubernetesSettings) -> Iterator[Refused]:
    """Devices whose name in the cluster is not known."""
    known = ", ".join(sorted(settings.devices)) or "none"
    for kind in container.devices:
        if kind not in settings.devices:
            yield Refused(
                "container.devices",
                kind,
                f"`platform.devices` does not say which extended resource this is (it has: {known}); add it there, as "
                "`kubectl describe node` shows it under Allocatable",
            )


def extended_resources(devices: Mapping[str, int], settings: KubernetesSettings) -> dict[str, int]:
    """The cluster's name -> how many. Those without one are refused, but rendered before that."""
    return {settings.devices.get(kind, kind): count for kind, count in devices.items()}
