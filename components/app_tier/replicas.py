"""The words that an application's replicas are: interchangeable ones, or members with a volume each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.app_tier.probes import probes
from components.app_tier.scaling_metrics import metrics
from components.app_tier.settings import AppTierSettings
from components.app_tier.volumes import volume
from components.contracts import ClientContract, Counted
from model import Container, Members, Origin, Outside, Port, Rollout, Scaling, Tier, Workload


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """What both words have of the application."""

    name: str
    origin: Origin
    settings: AppTierSettings
    contracts: Mapping[str, ClientContract]
    requests: Sequence[Counted]
    container: Container
    outside: tuple[Outside, ...]
    depends_on: tuple[pulumi.Resource, ...]

    def word(self) -> Workload | Members:
        """Members where the settings name a volume."""
        settings = self.settings
        if own := volume(settings.volumes):
            return Members(
                count=settings.count,
                volume=own,
                peers=False,
                hosts=settings.hosts,
                abandon_data_on=settings.abandon_data_on,
                **self._common(),
            )
        return Workload(
            replicas=settings.count,
            scaling=self._scaling(),
            rollout=Rollout(
                parallelism=settings.rollout.parallelism,
                order=settings.order,
                stable_seconds=settings.rollout.stable,
                deadline_seconds=settings.rollout.deadline,
            ),
            spread=settings.spread,
            prefer_spot=settings.prefer_spot,
            **self._common(),
        )

    def _scaling(self) -> Scaling | None:
        own = self.settings.scaling
        return own.scaling(metrics(self.name, self.settings, self.contracts, self.requests)) if own else None

    def _common(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "origin": self.origin,
            "tier": Tier.APP,
            "container": self.container,
            "ports": ports(self.settings),
            "probes": probes(self.settings),
            "node_labels": self.settings.placement.labels,
            "tolerations": self.settings.placement.tolerated,
            "outside": self.outside,
            "priority": self.settings.priority,
            "account_annotations": self.settings.account_annotations,
            "depends_on": self.depends_on,
        }


def most(settings: AppTierSettings) -> int:
    """The most replicas that may answer at the same moment, a rollout included."""
    surplus = settings.rollout.parallelism if settings.order == "start-first" else 0
    return (settings.scaling.max if settings.scaling else settings.count) + surplus


def ports(settings: AppTierSettings) -> tuple[Port, ...]:
    """What the container listens on."""
    found = [Port(name="http", number=settings.port)] if settings.port is not None else []
    found += [Port(name=name, number=number) for name, number in settings.ports.items()]
    metrics_port = settings.metrics_port
    if metrics_port is not None and metrics_port not in {port.number for port in found}:
        found.append(Port(name="metrics", number=metrics_port))
    return tuple(found)
