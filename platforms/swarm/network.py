"""Who may connect to whom: one overlay network a tier.

A service stands on the network of its own tier, and on those of the tiers it opens connections to. Its networks follow
from its tier alone, for a change of networks replaces a service with all its replicas.
"""

from collections.abc import Callable

import pulumi
import pulumi_docker as docker

from model import REACHES, Tier
from platforms.swarm.names import Names
from platforms.swarm.settings import SwarmSettings


class Networks:
    """The overlays of a stack, each created when the first service needs it."""

    def __init__(self, settings: SwarmSettings, names: Names, options: Callable[[], pulumi.ResourceOptions]) -> None:
        self._settings = settings
        self._names = names
        self._options = options
        self._overlays: dict[Tier, docker.Network] = {}

    def of(self, tier: Tier, alias: str | None = None) -> list[docker.ServiceTaskSpecNetworksAdvancedArgs]:
        """What a service of `tier` joins; there it is also found under `alias`."""
        joined = dict.fromkeys((tier, *REACHES[tier]))
        return [
            docker.ServiceTaskSpecNetworksAdvancedArgs(
                id=self._overlay(tier).id, aliases=[alias] if alias is not None else None
            )
            for tier in joined
        ]

    def _overlay(self, tier: Tier) -> docker.Network:
        if tier not in self._overlays:
            subnet = self._settings.subnets.get(tier)
            labels = self._names.labels(f"network-{tier}")
            self._overlays[tier] = docker.Network(
                f"network-{tier}",
                docker.NetworkArgs(
                    name=self._names.network(tier),
                    driver="overlay",
                    attachable=False,
                    options={"encrypted": "true"} if self._settings.encrypt_overlays else None,
                    ipam_configs=[docker.NetworkIpamConfigArgs(subnet=str(subnet))] if subnet else None,
                    labels=[docker.NetworkLabelArgs(label=k, value=v) for k, v in sorted(labels.items())],
                ),
                opts=self._options(),
            )
        return self._overlays[tier]
