"""A rendered resource as a neutral view, so that each rule is written once."""

from collections.abc import Mapping
from typing import Any

from views import kubernetes, swarm
from views.balanced import BalancedPort, balanced_ports
from views.container import ContainerView, WorkloadView
from views.shared import SharedVolumeView, shared_volumes

__all__ = [
    "BalancedPort",
    "ContainerView",
    "SharedVolumeView",
    "WorkloadView",
    "balanced_ports",
    "shared_volumes",
    "workload_view",
]


def workload_view(resource_type: str, properties: Mapping[str, Any]) -> WorkloadView | None:
    """The view of a workload, or None for resources that run nothing."""
    if resource_type == swarm.SERVICE:
        return swarm.view(properties)
    if resource_type in kubernetes.WORKLOADS:
        return kubernetes.view(resource_type, properties)
    return None
