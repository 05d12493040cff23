"""Who gives way where a cluster is full: exporters to applications, applications to stores; among applications as they
say.

PriorityClasses are objects of the whole cluster, so their names begin with the stack's namespace.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.scheduling import v1 as scheduling

from model import Port, Priority, Tier
from platforms.base import Refused
from platforms.kubernetes.settings import KubernetesSettings


class Level(StrEnum):
    STORES = "stores"
    APPS_HIGH = "apps-high"
    APPS = "apps"
    APPS_LOW = "apps-low"
    EXPORTERS = "exporters"


_VALUES = {Level.STORES: 3000, Level.APPS_HIGH: 2500, Level.APPS: 2000, Level.APPS_LOW: 1500, Level.EXPORTERS: 1000}
"""Above pods without a class (0), below those of the system (2,000,000,000)."""


_TAKES_PLACES = (Level.STORES, Level.APPS_HIGH)
_OF_APPS: dict[Priority, Level] = {"low": Level.APPS_LOW, "normal": Level.APPS, "high": Level.APPS_HIGH}


def refusals(priority: Priority, tier: Tier, settings: KubernetesSettings) -> Iterator[Refused]:
    """One that nothing carries out."""
    if priority != "normal" and tier in (Tier.DATA, Tier.MONITORING):
        yield Refused("priority", priority, "stores come before all applications, and monitoring after; leave it out")
    if priority != "normal" and not makes_classes(settings):
        yield Refused(
            "priority",
            priority,
            "the stack makes no PriorityClasses; set `platform.priority_classes: true`, or leave it out",
        )


def makes_classes(settings: KubernetesSettings) -> bool:
    """Whether the stack has PriorityClasses, which are objects of the whole cluster."""
    return settings.create_namespace if settings.priority_classes is None else settings.priority_classes


def level(tier: Tier, ports: Sequence[Port], priority: Priority = "normal") -> Level:
    """The level of a word's pods. A word among the stores that only offers metrics is their exporter."""
    if tier is Tier.MONITORING or (tier is Tier.DATA and {port.name for port in ports} == {"metrics"}):
        return Level.EXPORTERS
    return Level.STORES if tier is Tier.DATA else _OF_APPS[priority]


def priority_class(
    resource_name: str, level: Level, *, namespace: str, opts: pulumi.ResourceOptions
) -> scheduling.PriorityClass:
    """Stores, and applications that say so, take the place of others when a node is lost; all else waits, before pods
    of a lower level."""
    return scheduling.PriorityClass(
        resource_name,
        metadata=ObjectMetaArgs(name=f"{namespace}-{level}"),
        value=_VALUES[level],
        preemption_policy="PreemptLowerPriority" if level in _TAKES_PLACES else "Never",
        description=f"{level} of {namespace}",
        opts=opts,
    )
