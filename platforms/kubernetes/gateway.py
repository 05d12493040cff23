"""The Gateway API: a route from a Gateway to the replicas, and the Gateway where the stack makes it."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Front, Issued
from platforms.kubernetes.front_settings import GatewaySettings
from platforms.kubernetes.metadata import annotated

API_VERSION = "gateway.networking.k8s.io/v1"
MOST_HOSTS = 16
"""Of an HTTPRoute (its definition: `hostnames`, maxItems)."""

_WAIT = "pulumi.com/waitFor"
_ACCEPTED = "condition=Accepted"
_ACCEPTED_BY_ITS_GATEWAY = 'jsonpath={.status.parents[0].conditions[?(@.type=="Accepted")].status}=True'
_FOREVER = "0s"


def route(
    settings: GatewaySettings, front: Front, metadata: ObjectMetaArgs, *, port: int, opts: pulumi.ResourceOptions
) -> CustomResource:
    """To the Service that has its name, at `port`. All paths go there: the replicas know the routes."""
    rule: dict[str, Any] = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"name": metadata.name, "port": port}],
    }
    if settings.timeouts:
        rule["timeouts"] = {"request": _FOREVER}
    spec: dict[str, Any] = {"parentRefs": _parents(settings, str(metadata.name)), "rules": [rule]}
    if not front.any_host:
        spec["hostnames"] = list(front.hosts)
    return CustomResource(
        str(metadata.name),
        api_version=API_VERSION,
        kind="HTTPRoute",
        metadata=annotated(metadata, {_WAIT: _ACCEPTED_BY_ITS_GATEWAY}) if settings.wait else metadata,
        spec=spec,
        opts=opts,
    )


def gateway(
    settings: GatewaySettings,
    front: Front,
    metadata: ObjectMetaArgs,
    *,
    secret: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> tuple[CustomResource, ...]:
    """The stack's own, with the certificate of `secret`; none where it names an existing one."""
    if settings.class_name is None:
        return ()
    listeners: list[dict[str, Any]] = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    if secret is not None:
        tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
        https = {"name": "https", "port": 443, "protocol": "HTTPS", "tls": tls}
        # cert-manager takes the names of a certificate from the listeners.
        named = [{**https, "name": f"https-{host}"[:253], "hostname": host} for host in front.hosts]
        listeners += named if isinstance(front.tls, Issued) else [https]
    return (
        CustomResource(
            str(metadata.name),
            api_version=API_VERSION,
            kind="Gateway",
            metadata=annotated(metadata, {_WAIT: _ACCEPTED}) if settings.wait else metadata,
            spec={"gatewayClassName": settings.class_name, "listeners": listeners},
            opts=opts,
        ),
    )


def _parents(settings: GatewaySettings, own: str) -> list[dict[str, Any]]:
    parent = {"name": settings.name or own} | ({"namespace": settings.namespace} if settings.namespace else {})
    return [{**parent, "sectionName": section} for section in settings.sections] or [parent]
