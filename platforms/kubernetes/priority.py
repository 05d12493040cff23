"""Who gives way where a cluster is full: exporters to applications, applications to stores.

PriorityClasses are objects of the whole cluster, so their names begin with the stack's namespace.
"""

from collections.abc import Sequence
from enum import StrEnum

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.scheduling import v1 as scheduling

from model import Port, Tier


class Level(StrEnum):
    STORES = "stores"
    APPS = "apps"
    EXPORTERS = "exporters"


_VALUES = {Level.STORES: 3000, Level.APPS: 2000, Level.EXPORTERS: 1000}
"""Above pods without a class (0), below those of the system (2,000,000,000)."""


def level(tier: Tier, ports: Sequence[Port]) -> Level:
    """The level of a word's pods. A word among the stores that only offers metrics is their exporter."""
    if tier is Tier.MONITORING or (tier is Tier.DATA and {port.name for port in ports} == {"metrics"}):
        return Level.EXPORTERS
    return Level.STORES if tier is Tier.DATA else Level.APPS


def priority_class(
    resource_name: str, level: Level, *, namespace: str, opts: pulumi.ResourceOptions
) -> scheduling.PriorityClass:
    """Stores take the place of others when a node is lost; all else waits, before pods of a lower level."""
    return scheduling.PriorityClass(
        resource_name,
        metadata=ObjectMetaArgs(name=f"{namespace}-{level}"),
        value=_VALUES[level],
        preemption_policy="PreemptLowerPriority" if level is Level.STORES else "Never",
        description=f"{level} of {namespace}",
        opts=opts,
    )
