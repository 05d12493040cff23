"""An Ingress: the cluster's own controller leads requests to the replicas."""

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from model import Front
from platforms.kubernetes.front_settings import IngressSettings
from platforms.kubernetes.metadata import annotated
from platforms.kubernetes.service import DO_NOT_WAIT


def ingress(
    settings: IngressSettings,
    front: Front,
    metadata: ObjectMetaArgs,
    *,
    port: int,
    secret: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> networking.Ingress:
    """To the Service that has its name, at `port`; with the certificate of `secret`. All paths go there: the replicas
    know the routes."""
    name = str(metadata.name)
    service = networking.IngressServiceBackendArgs(name=name, port=networking.ServiceBackendPortArgs(number=port))
    everything = networking.HTTPIngressRuleValueArgs(
        paths=[
            networking.HTTPIngressPathArgs(
                path="/", path_type="Prefix", backend=networking.IngressBackendArgs(service=service)
            )
        ]
    )
    hosts: list[str | None] = [*front.hosts, *([None] if front.any_host else [])]
    # Without hosts it is the certificate for all that come.
    tls = networking.IngressTLSArgs(hosts=None if front.any_host else list(front.hosts), secret_name=secret)
    return networking.Ingress(
        name,
        metadata=metadata if settings.wait else annotated(metadata, DO_NOT_WAIT),
        spec=networking.IngressSpecArgs(
            ingress_class_name=settings.class_name,
            rules=[networking.IngressRuleArgs(host=host, http=everything) for host in hosts],
            tls=[tls] if secret is not None else None,
        ),
        opts=opts,
    )
