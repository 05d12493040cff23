"""On which nodes pods go."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs

from model import Toleration
from platforms.kubernetes.names import MEMBERS_LABEL, selector

HOSTNAME = "kubernetes.io/hostname"
_REVISION = "pod-template-hash"
_ORDINAL = "apps.kubernetes.io/pod-index"
_STRONG, _WEAK = 100, 10

SPOT_LABELS = {
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "eks.amazonaws.com/capacityType": "SPOT",
    "karpenter.sh/capacity-type": "spot",
    "kubernetes.azure.com/scalesetpriority": "spot",
}
"""How GKE (Spot VMs, and the preemptible VMs before them), EKS, Karpenter and AKS label spot nodes."""

# With the key and value of the label: AKS by itself, on GKE those who make the node pool, as its pages advise.
_SPOT_TAINTS = {
    key: SPOT_LABELS[key]
    for key in (
        "cloud.google.com/gke-spot",
        "cloud.google.com/gke-preemptible",
        "kubernetes.azure.com/scalesetpriority",
    )
}


def apart(name: str, *, required: bool, revisions: bool) -> core.PodAntiAffinityArgs:
    """Replicas of `name` on different nodes.

    With `revisions`, only replicas of one revision keep apart: a new one can start beside the old one that it replaces,
    also when every node holds a replica.
    """
    term = core.PodAffinityTermArgs(
        topology_key=HOSTNAME,
        label_selector=LabelSelectorArgs(match_labels=selector(name)),
        match_label_keys=[_REVISION] if revisions else None,
    )
    if required:
        return core.PodAntiAffinityArgs(required_during_scheduling_ignored_during_execution=[term])
    return core.PodAntiAffinityArgs(preferred_during_scheduling_ignored_during_execution=[_weighted(_STRONG, term)])


def away_from_same_ordinal(
    anti_affinity: core.PodAntiAffinityArgs, *, shards: Mapping[str, str] = MappingProxyType({})
) -> core.PodAntiAffinityArgs:
    """Beside it, by preference not on a node where another component has its member of the same ordinal; above all not
    where another shard of the same store has (pods with the labels `shards`)."""
    members = LabelSelectorRequirementArgs(key=MEMBERS_LABEL, operator="Exists")
    terms = [_weighted(_WEAK, _of_same_ordinal(LabelSelectorArgs(match_expressions=[members])))]
    if shards:
        terms.insert(0, _weighted(_STRONG, _of_same_ordinal(LabelSelectorArgs(match_labels=dict(shards)))))
    required = anti_affinity.required_during_scheduling_ignored_during_execution
    preferred = anti_affinity.preferred_during_scheduling_ignored_during_execution
    assert preferred is None or isinstance(preferred, list)
    return core.PodAntiAffinityArgs(
        required_during_scheduling_ignored_during_execution=required,
        preferred_during_scheduling_ignored_during_execution=[*(preferred or []), *terms],
    )


def _of_same_ordinal(pods: LabelSelectorArgs) -> core.PodAffinityTermArgs:
    return core.PodAffinityTermArgs(topology_key=HOSTNAME, label_selector=pods, match_label_keys=[_ORDINAL])


def spread(name: str, topology_keys: tuple[str, ...], *, revisions: bool) -> list[core.TopologySpreadConstraintArgs]:
    """Replicas evenly over zones, by preference: a full or lost zone keeps no replica from starting."""
    return [
        core.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=selector(name)),
            match_label_keys=[_REVISION] if revisions else None,
        )
        for key in topology_keys
    ]


def prefer_spot() -> core.NodeAffinityArgs:
    """Spot nodes first, others when there are none."""
    return core.NodeAffinityArgs(
        preferred_during_scheduling_ignored_during_execution=[
            core.PreferredSchedulingTermArgs(
                weight=_STRONG,
                preference=core.NodeSelectorTermArgs(
                    match_expressions=[core.NodeSelectorRequirementArgs(key=key, operator="In", values=[value])]
                ),
            )
            for key, value in SPOT_LABELS.items()
        ]
    )


def spot_tolerations() -> list[core.TolerationArgs]:
    """For clouds whose spot nodes are tainted."""
    return [
        core.TolerationArgs(key=key, operator="Equal", value=value, effect="NoSchedule")
        for key, value in _SPOT_TAINTS.items()
    ]


def tolerations(wanted: Iterable[Toleration]) -> list[core.TolerationArgs]:
    """Nodes that are reserved, as a word names them."""
    return [
        core.TolerationArgs(
            key=one.key, operator="Exists" if one.value is None else "Equal", value=one.value, effect=one.effect
        )
        for one in wanted
    ]


def every_node() -> list[core.TolerationArgs]:
    """Whatever a node is reserved for."""
    return [core.TolerationArgs(operator="Exists")]


def _weighted(weight: int, term: core.PodAffinityTermArgs) -> core.WeightedPodAffinityTermArgs:
    return core.WeightedPodAffinityTermArgs(weight=weight, pod_affinity_term=term)
