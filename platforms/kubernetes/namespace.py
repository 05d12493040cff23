"""The namespaces: Pod Security at the door, and nothing connects unless a policy says so."""

from typing import Literal

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

PodSecurity = Literal["restricted", "baseline", "privileged"]

_MODES = ("enforce", "audit", "warn")


def namespace(
    resource_name: str, name: str, *, pod_security: PodSecurity, network_enforced: bool, opts: pulumi.ResourceOptions
) -> core.Namespace:
    """A namespace whose API server refuses pods that ask for more than `pod_security` allows."""
    return core.Namespace(
        resource_name,
        metadata=ObjectMetaArgs(
            name=name,
            labels={f"pod-security.kubernetes.io/{mode}": pod_security for mode in _MODES},
            annotations={"ha-platform/network-policy": "enforced" if network_enforced else "not enforced"},
        ),
        opts=opts,
    )


def default_deny(resource_name: str, namespace_name: str, *, opts: pulumi.ResourceOptions) -> networking.NetworkPolicy:
    """Denies every pod of the namespace both directions; each word's own policy allows what it needs."""
    return networking.NetworkPolicy(
        resource_name,
        metadata=ObjectMetaArgs(name="default-deny", namespace=namespace_name),
        spec=networking.NetworkPolicySpecArgs(pod_selector=LabelSelectorArgs(), policy_types=["Ingress", "Egress"]),
        opts=opts,
    )
