"""Services: the DNS names of a word."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Port

DO_NOT_WAIT = {"pulumi.com/skipAwait": "true"}
"""Services come before the pods that they select: waiting for endpoints would never end."""


def service(
    resource_name: str,
    *,
    object_name: str | None = None,
    namespace: str,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    ports: Sequence[Port],
    headless: bool = False,
    before_ready: bool = False,
    opts: pulumi.ResourceOptions,
) -> core.Service:
    """One address for all pods (or, `headless`, the address of each), ready ones or, `before_ready`, any."""
    return core.Service(
        resource_name,
        metadata=ObjectMetaArgs(
            name=object_name or resource_name,
            namespace=namespace,
            labels=dict(labels),
            annotations=DO_NOT_WAIT,
        ),
        spec=core.ServiceSpecArgs(
            type="ClusterIP",
            cluster_ip="None" if headless else None,
            selector=dict(selector),
            publish_not_ready_addresses=before_ready or None,
            ports=[
                core.ServicePortArgs(name=port.name, port=port.number, target_port=port.name, protocol="TCP")
                for port in ports
            ]
            or None,
        ),
        opts=opts,
    )
