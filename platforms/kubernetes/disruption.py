"""What planned disruptions (drains, node upgrades) may take away."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy import v1 as policy

from platforms.kubernetes.names import selector


def disruption_budget(
    name: str,
    *,
    namespace: str,
    labels: Mapping[str, str],
    evict_unhealthy: bool,
    opts: pulumi.ResourceOptions,
) -> policy.PodDisruptionBudget:
    """One at a time. `evict_unhealthy` lets a drain remove what does not serve anyway."""
    return policy.PodDisruptionBudget(
        name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=dict(labels)),
        spec=policy.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=LabelSelectorArgs(match_labels=selector(name)),
            unhealthy_pod_eviction_policy="AlwaysAllow" if evict_unhealthy else "IfHealthyBudget",
        ),
        opts=opts,
    )
