"""The members' claims: objects of their own, because a StatefulSet's claim templates cannot be changed.

A claim has the name that the StatefulSet derives from its template, so that the StatefulSet takes it for its own. A
changed size is then an update of the claims: the volume grows where its class can do that, and the API server refuses
it where not, before any member is touched.
"""

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Members, Volume
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import CLAIM, ORIGIN_ANNOTATION, labels, member_claim
from platforms.kubernetes.resources import memory

TEMPLATES = "spec.volumeClaimTemplates"
"""Of a StatefulSet: what its claims asked for when it was made. The claims themselves say what they ask for now."""

OWN_ANNOTATIONS = {
    # Most classes bind a claim with its first pod, which comes later: waiting for it would never end.
    "pulumi.com/skipAwait": "true",
    # A claim that a StatefulSet made, or that an earlier stack left, is taken over with the size that is asked for now.
    "pulumi.com/patchForce": "true",
}


def member_claims(cluster: Cluster, word: Members, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """A claim for each member. None is ever deleted as a resource: a member that is removed leaves its claim, and with
    `data: delete` the cluster deletes claims together with their StatefulSet.
    """
    return tuple(_claim(cluster, word, ordinal, parent) for ordinal in range(word.count))


def claim_template(cluster: Cluster, volume: Volume, *, labels: dict[str, str]) -> core.PersistentVolumeClaimArgs:
    """What names the claims. Where one was lost, the StatefulSet makes it from this."""
    return core.PersistentVolumeClaimArgs(
        metadata=ObjectMetaArgs(name=CLAIM, labels=labels), spec=_claim_spec(cluster, volume)
    )


def _claim(cluster: Cluster, word: Members, ordinal: int, parent: pulumi.Resource) -> core.PersistentVolumeClaim:
    name = member_claim(word.name, ordinal)
    opts = pulumi.ResourceOptions(provider=cluster.claims_provider(parent), retain_on_delete=True)
    return core.PersistentVolumeClaim(
        name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            annotations={ORIGIN_ANNOTATION: str(word.origin)} | OWN_ANNOTATIONS,
        ),
        spec=_claim_spec(cluster, word.volume),
        opts=pulumi.ResourceOptions.merge(cluster.options(parent), opts),
    )


def _claim_spec(cluster: Cluster, volume: Volume) -> core.PersistentVolumeClaimSpecArgs:
    return core.PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=cluster.settings.storage_class,
        resources=core.VolumeResourceRequirementsArgs(requests={"storage": memory(volume.size_bytes)}),
    )
