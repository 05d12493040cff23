"""Metadata of objects that differ in little."""

from collections.abc import Mapping

from pulumi_kubernetes.meta.v1 import ObjectMetaArgs


def annotated(metadata: ObjectMetaArgs, more: Mapping[str, str]) -> ObjectMetaArgs:
    """The same, with more annotations."""
    annotations = {**(metadata.annotations or {}), **more}
    return ObjectMetaArgs(
        name=metadata.name, namespace=metadata.namespace, labels=metadata.labels, annotations=annotations
    )
