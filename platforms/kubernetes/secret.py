"""Secrets, mounted as files."""

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Secret, SecretRef


def secret(word: Secret, *, resource_name: str, namespace: str, opts: pulumi.ResourceOptions) -> SecretRef:
    """An immutable Secret. Its name is left to Pulumi: a new value is a new object, and its users roll."""
    resource = core.Secret(
        resource_name,
        metadata=ObjectMetaArgs(namespace=namespace),
        type="Opaque",
        string_data={word.name: pulumi.Output.secret(word.value)},
        immutable=True,
        opts=opts,
    )
    return SecretRef(name=word.name, object_name=resource.metadata.name, object_id=resource.id, resource=resource)
