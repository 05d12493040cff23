"""Interchangeable replicas."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from model.cloud_balancer import CloudBalancer
from model.container import Container
from model.front import Front
from model.origin import Origin
from model.outside import Outside
from model.port import Port, PublicPort
from model.priority import Priority
from model.probe import Probes
from model.rollout import Rollout
from model.scaling import Scaling
from model.tier import Tier
from model.toleration import Toleration


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Replicas that any request may go to.

    `name` is a DNS label, unique in the stack. `origin` is the part of the stack file that it comes from: refusals name
    it. `replicas` is a fixed count; with `scaling` it is the count at creation and is then left to the autoscaler.
    `spread` asks for replicas on different hosts: "prefer", or "require" (a host gets one replica, a published host
    port needs it). `cloud_balancer` is how a cloud makes the balancer in front of the `public_ports`, `front` what
    passes HTTP on to one of them. Only nodes with all `node_labels` run them, and nodes that are reserved only where
    `tolerations` name that. `outside` is what they may connect to beside the tiers that theirs reaches.
    `account_annotations` are of their account in a cluster. `priority` says who gives way where hosts have not enough
    room for all. `depends_on` must be healthy before the first replica starts.
    """

    name: str
    origin: Origin
    tier: Tier
    container: Container
    replicas: int
    scaling: Scaling | None = None
    ports: tuple[Port, ...] = ()
    public_ports: tuple[PublicPort, ...] = ()
    cloud_balancer: CloudBalancer = CloudBalancer()
    front: Front | None = None
    probes: Probes
    rollout: Rollout = Rollout()
    spread: Literal["prefer", "require"] = "prefer"
    prefer_spot: bool = False
    node_labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    outside: tuple[Outside, ...] = ()
    priority: Priority = "normal"
    account_annotations: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[pulumi.Resource, ...] = ()
