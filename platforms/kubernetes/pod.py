"""The pod around a container, the same for every word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Container, Port, Priority, Probes, Tier
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.container import render_container
from platforms.kubernetes.names import ALLOW_ROOT_ANNOTATION
from platforms.kubernetes.priority import level
from platforms.kubernetes.security import pod_security
from platforms.kubernetes.volume import Mounts
from platforms.process import runs_as_root

_DNS_OPTIONS = {"ndots": "1", "timeout": "1", "attempts": "3"}
"""A dotted name is looked up as it is, and a dead server costs a second (resolv.conf's own: 5 search domains, 5 s)."""


@dataclass(frozen=True, kw_only=True)
class Scheduling:
    """Where the pod may go."""

    affinity: core.AffinityArgs | None = None
    spread: Sequence[core.TopologySpreadConstraintArgs] = ()
    tolerations: Sequence[core.TolerationArgs] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)


def pod_template(
    cluster: Cluster,
    container: Container,
    mounts: Mounts,
    *,
    name: str,
    tier: Tier,
    labels: Mapping[str, str],
    ports: Sequence[Port] = (),
    priority: Priority = "normal",
    probes: Probes | None = None,
    scheduling: Scheduling = Scheduling(),
    delay_seconds: int = 0,
    members: bool = False,
    restart_policy: str | None = None,
) -> core.PodTemplateSpecArgs:
    """A pod without a token for the API server, with `name`'s own service account."""
    return core.PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels=dict(labels),
            annotations={ALLOW_ROOT_ANNOTATION: "true"} if runs_as_root(container) else None,
        ),
        spec=core.PodSpecArgs(
            containers=[
                render_container(
                    cluster,
                    container,
                    mounts,
                    name=name,
                    ports=ports,
                    probes=probes,
                    delay_seconds=delay_seconds,
                    members=members,
                )
            ],
            volumes=mounts.volumes or None,
            service_account_name=name,
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(container, ports, apparmor=cluster.settings.apparmor),
            termination_grace_period_seconds=grace_seconds(container, delay_seconds),
            restart_policy=restart_policy,
            priority_class_name=cluster.priority(level(tier, ports, priority)),
            affinity=scheduling.affinity,
            node_selector=dict(scheduling.node_labels) or None,
            topology_spread_constraints=list(scheduling.spread) or None,
            tolerations=list(scheduling.tolerations) or None,
            dns_config=core.PodDNSConfigArgs(
                options=[core.PodDNSConfigOptionArgs(name=key, value=value) for key, value in _DNS_OPTIONS.items()]
            ),
        ),
    )


def grace_seconds(container: Container, delay_seconds: int) -> int:
    """From the order to stop to the kill."""
    return container.stop.grace_seconds + delay_seconds
