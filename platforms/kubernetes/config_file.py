"""Configuration files."""

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import ConfigFile, ConfigRef
from platforms.kubernetes.names import NOT_SECRET_ANNOTATION


def config_file(word: ConfigFile, *, resource_name: str, namespace: str, opts: pulumi.ResourceOptions) -> ConfigRef:
    """An immutable ConfigMap. Its name is left to Pulumi: a new text is a new object, and its users roll."""
    resource = core.ConfigMap(
        resource_name,
        metadata=ObjectMetaArgs(
            namespace=namespace, annotations={NOT_SECRET_ANNOTATION: "true"} if word.not_secret else None
        ),
        data={word.name: word.text},
        immutable=True,
        opts=opts,
    )
    return ConfigRef(name=word.name, object_name=resource.metadata.name, object_id=resource.id, resource=resource)
