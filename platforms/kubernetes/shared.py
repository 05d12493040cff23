"""Shared volumes as claims that many nodes mount at the same time."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Members, Schedule, SharedVolume, SharedVolumeRef, Tier, Workload
from platforms import shared
from platforms.base import Refused
from platforms.kubernetes.claim import OWN_ANNOTATIONS
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import ORIGIN_ANNOTATION, SHARED, labels
from platforms.kubernetes.resources import memory


def refusals(word: SharedVolume) -> Iterator[Refused]:
    """Without the name of a class that can share, or with what is Docker's."""
    if word.storage_class is None:
        yield Refused(
            "storage_class",
            "none",
            "a cluster's default class is seldom one that several nodes can mount (ReadWriteMany); name one that can",
        )
    if word.driver is not None:
        yield Refused("driver", word.driver, "volume drivers are Docker's; a `storage_class` says who provides it")
    if word.options:
        yield Refused("options", ", ".join(word.options), "a `storage_class` has its own parameters; leave the key out")


def reference(word: SharedVolume, *resources: pulumi.Resource) -> SharedVolumeRef:
    """How containers mount it."""
    claim = f"{SHARED}-{word.name}"
    place = f"claim {claim} of class {word.storage_class}"
    return SharedVolumeRef(name=word.name, object_name=claim, place=place, resources=resources)


def claim(cluster: Cluster, word: SharedVolume, *, parent: pulumi.Resource) -> SharedVolumeRef:
    """The claim. With `data: keep` it outlives the stack, and the next one takes it over."""
    name = reference(word).object_name
    opts = pulumi.ResourceOptions(
        provider=cluster.claims_provider(parent), retain_on_delete=True if cluster.data == "keep" else None
    )
    made = core.PersistentVolumeClaim(
        name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, Tier.APP),
            annotations={ORIGIN_ANNOTATION: str(word.origin)} | OWN_ANNOTATIONS,
        ),
        spec=core.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteMany"],
            storage_class_name=word.storage_class,
            resources=core.VolumeResourceRequirementsArgs(requests={"storage": memory(word.size_bytes)}),
        ),
        opts=pulumi.ResourceOptions.merge(cluster.options(parent), opts),
    )
    return reference(word, made)


def watch(word: Workload | Members | Schedule) -> list[pulumi.ResourceHook]:
    """The hook of what mounts them."""
    return shared.watch(word, _recorded)


def _recorded(inputs: Mapping[str, Any]) -> str | None:
    annotations: Mapping[str, str] = (inputs.get("metadata") or {}).get("annotations") or {}
    return annotations.get(shared.KEY)
